import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readCommitsFile, type BadLine } from '../desks/backport/commits-file.ts';
import { allDecisions, storedLessons, type Decision } from '../desks/backport/decisions.ts';
import { openHistory, triageHistory, tryVerdicts, type Effects } from '../desks/backport/desk.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import type { Commit, Verdict } from '../desks/backport/model.ts';
import { pageLinks, type PageData } from '../desks/backport/page/data.ts';
import { triageByRules } from '../desks/backport/rules/engine.ts';
import { loadProject, type Project } from '../desks/backport/rules/project.ts';
import { recogniseProject } from '../desks/backport/rules/recognise.ts';
import { VouchError } from '../lib/errors.ts';
import { openStore, type Store } from '../store/store.ts';
import { askModel, checkModel } from './backport-model.ts';
import { publishReview, reviewPage, writeReview } from './backport-page.ts';
import type { TriageOptions } from './commands/backport.ts';
import type { Session } from './session.ts';
import { showTriage } from './show/backport.ts';
import { brief, plain } from './style.ts';

const BAD_SHOWN = 20;

interface Told {
  project: Project;
  commits: readonly Commit[];
  verdicts: Verdict[];
  /** What people said of them before. */
  decisions: Decision[];
  /** Where the history begins: the same for later reads of it. */
  since: string;
}

/** With `--json`, an array of verdicts: commit by commit, oldest first or in the file's order, each with all branches. */
export async function runTriage(session: Session, options: TriageOptions): Promise<void> {
  const branches = [...new Set(options.onto)];
  const unnamed = branches.find((name) => name.trim() === '' || name.length > 200);
  if (unnamed !== undefined) throw new VouchError('usage', `--onto '${brief(unnamed, 40)}': not a branch`);
  checkSource(options);
  if (options.engine.includes('llm')) await checkModel(session);
  const told =
    options.commits === undefined
      ? await ofRepository(session, branches, options)
      : await ofFile(session, branches, options.commits, options);
  const { verdicts, project } = told;
  const { web } = project;
  const links = pageLinks({
    commitUrl: options.commitUrl ?? web.commit,
    issueUrl: options.issueUrl ?? web.issue,
  });
  const page = (): PageData =>
    reviewPage({
      ...told,
      // A path of this machine is nothing to others.
      title: options.range ?? basename(options.commits!),
      project: project.name,
      branches,
      autoYes: project.model.autoYes,
      links,
    });
  if (options.html !== undefined) await writeReview(session, options.html, page());
  const url = options.publish ? await publishReview(session, page()) : undefined;
  if (url !== undefined && session.json) session.progress(url);
  session.answer(verdicts, () => {
    const table = showTriage(verdicts, branches, project.model.autoYes);
    return url === undefined ? table : `${table.trimEnd()}\n\nreview it together: ${url}`;
  });
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
  branches: readonly string[],
  file: string,
  options: TriageOptions,
): Promise<Told> {
  const { commits, bad } = await readCommitsFile(file, { signal: session.signal });
  sayBad(session, file, bad);
  if (bad.length > 0) session.exit(2);
  const project = await projectFor(session, options.rules, commits);
  const since = commits[0]?.sha ?? '';
  // A history without a repository needs no data folder: where there is none, nothing was decided.
  if (!options.engine.includes('llm') && !existsSync(join(session.folder, 'vouch.db')))
    return {
      project,
      commits,
      verdicts: triageByRules(project, commits, branches, Date.now()),
      decisions: [],
      since,
    };
  const store = await openStore(session.folder);
  try {
    const past = await storedLessons(store, project.name);
    const said = triageByRules(project, commits, branches, Date.now(), past);
    const about = { project, commits, branches, past, repository: null };
    const verdicts = await askModel(session, store, said, about, options);
    return { project, commits, verdicts, decisions: await decisionsOf(store, commits, options), since };
  } finally {
    await store.close();
  }
}

/** What people said of these commits, for a page. */
async function decisionsOf(
  store: Store,
  commits: readonly Commit[],
  { html }: TriageOptions,
): Promise<Decision[]> {
  if (html === undefined) return [];
  const known = new Set(commits.map(({ sha }) => sha));
  return (await allDecisions(store)).filter(({ sha }) => known.has(sha));
}

async function ofRepository(
  session: Session,
  branches: readonly string[],
  options: TriageOptions,
): Promise<Told> {
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
    const { commits, from: since } = opened;
    const project = await projectFor(session, options.rules, commits);
    const past = await storedLessons(store, project.name);
    const rules = await triageHistory(project, opened, { now: Date.now(), past, signal: session.signal });
    const about = { project, commits, branches, past, repository: opened.repository };
    const said = await askModel(session, store, rules, about, options);
    const verdicts = options.try
      ? await tryVerdicts(opened, said, ({ verdict }) => verdict === 'yes', effects)
      : said;
    return { project, commits, verdicts, decisions: await decisionsOf(store, commits, options), since };
  } finally {
    await store.close();
  }
}

/** The rules that are named, else those whose way of writing the commits have; it is said which. */
export async function projectFor(
  session: Session,
  rules: string | undefined,
  commits: readonly Pick<Commit, 'subject'>[],
): Promise<Project> {
  if (rules !== undefined) return loadProject(rules);
  const { name, why } = await recogniseProject(commits);
  session.progress(`rules: ${name} (${why}); --rules names others`);
  return loadProject(name);
}

/** Names lines that could not be read, on standard error. */
export function sayBad(session: Session, file: string, bad: readonly BadLine[]): void {
  for (const { line, why } of bad.slice(0, BAD_SHOWN))
    session.progress(plain(`${file}: line ${line}: ${why}; left out`));
  if (bad.length > BAD_SHOWN)
    session.progress(plain(`${file}: ${bad.length - BAD_SHOWN} more lines are left out`));
}
