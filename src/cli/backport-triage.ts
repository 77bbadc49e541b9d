import { readCommitsFile, type BadLine } from '../desks/backport/commits-file.ts';
import { openHistory, triageHistory, tryVerdicts, type Effects } from '../desks/backport/desk.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import type { Verdict } from '../desks/backport/model.ts';
import { triageByRules } from '../desks/backport/rules/engine.ts';
import { loadProject, type Project } from '../desks/backport/rules/project.ts';
import { VouchError } from '../lib/errors.ts';
import { openStore } from '../store/store.ts';
import type { TriageOptions } from './commands/backport.ts';
import type { Session } from './session.ts';
import { showTriage } from './show/backport.ts';
import { brief, plain } from './style.ts';

const BAD_SHOWN = 20;

/** With `--json`, an array of verdicts: commit by commit, oldest first or in the file's order, each with all branches. */
export async function runTriage(session: Session, options: TriageOptions): Promise<void> {
  const branches = [...new Set(options.onto)];
  const unnamed = branches.find((name) => name.trim() === '' || name.length > 200);
  if (unnamed !== undefined) throw new VouchError('usage', `--onto '${brief(unnamed, 40)}': not a branch`);
  checkSource(options);
  const project = await loadProject(options.rules);
  const verdicts =
    options.commits === undefined
      ? await ofRepository(session, project, branches, options)
      : await ofFile(session, project, branches, options.commits);
  session.answer(verdicts, () => showTriage(verdicts, branches, project.model.autoYes));
}

function checkSource({ repo, range, commits }: TriageOptions): void {
  const hint = 'either --repo DIR --range A..B, or --commits FILE.jsonl';
  if (commits !== undefined && (repo ?? range) !== undefined)
    throw new VouchError('usage', '--commits: a history comes from a file or from a repository, not both', {
      hint,
    });
  if (commits === undefined && (repo === undefined || range === undefined))
    throw new VouchError(
      'usage',
      repo === undefined ? 'no commits to tell' : `--repo ${repo}: needs --range`,
      {
        hint,
      },
    );
}

async function ofFile(
  session: Session,
  project: Project,
  branches: readonly string[],
  file: string,
): Promise<Verdict[]> {
  const { commits, bad } = await readCommitsFile(file, { signal: session.signal });
  sayBad(session, file, bad);
  if (bad.length > 0) session.exit(2);
  return triageByRules(project, commits, branches, Date.now());
}

async function ofRepository(
  session: Session,
  project: Project,
  branches: readonly string[],
  options: TriageOptions,
): Promise<Verdict[]> {
  const store = await openStore(session.folder);
  try {
    const effects: Effects = {
      cache: storedCache(store),
      folder: store.folder,
      signal: session.signal,
      onProgress: (line) => session.progress(plain(line)),
    };
    const opened = await openHistory(options.repo!, options.range!, branches, effects);
    if (opened.merges > 0)
      session.progress(`${opened.merges} merges left out: what they bring is told commit by commit`);
    const verdicts = triageHistory(project, opened, Date.now());
    if (!options.try) return verdicts;
    return await tryVerdicts(opened, verdicts, ({ verdict }) => verdict === 'yes', effects);
  } finally {
    await store.close();
  }
}

/** Names lines that could not be read, on standard error. */
export function sayBad(session: Session, file: string, bad: readonly BadLine[]): void {
  for (const { line, why } of bad.slice(0, BAD_SHOWN))
    session.progress(plain(`${file}: line ${line}: ${why}; left out`));
  if (bad.length > BAD_SHOWN)
    session.progress(plain(`${file}: ${bad.length - BAD_SHOWN} more lines are left out`));
}
