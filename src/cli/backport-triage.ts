import { readCommitsFile, type BadLine } from '../desks/backport/commits-file.ts';
import type { Verdict } from '../desks/backport/model.ts';
import { triageByRules } from '../desks/backport/rules/engine.ts';
import { loadProject } from '../desks/backport/rules/project.ts';
import { VouchError } from '../lib/errors.ts';
import type { TriageOptions } from './commands/backport.ts';
import type { Session } from './session.ts';
import { brief, paint, plain, table } from './style.ts';

const BAD_SHOWN = 20;

/** With `--json`, an array of verdicts: commit by commit in the file's order, each with all branches. */
export async function runTriage(session: Session, options: TriageOptions): Promise<void> {
  const branches = [...new Set(options.onto)];
  const unnamed = branches.find((name) => name.trim() === '' || name.length > 200);
  if (unnamed !== undefined) throw new VouchError('usage', `--onto '${brief(unnamed, 40)}': not a branch`);
  const project = await loadProject(options.rules);
  const { commits, bad } = await readCommitsFile(options.commits, { signal: session.signal });
  const verdicts = triageByRules(project, commits, branches, Date.now());
  session.answer(verdicts, () => show(verdicts, branches, project.model.autoYes));
  sayBad(session, options.commits, bad);
  if (bad.length > 0) session.exit(2);
}

/** Names lines that could not be read, on standard error. */
export function sayBad(session: Session, file: string, bad: readonly BadLine[]): void {
  for (const { line, why } of bad.slice(0, BAD_SHOWN))
    session.progress(plain(`${file}: line ${line}: ${why}; left out`));
  if (bad.length > BAD_SHOWN)
    session.progress(plain(`${file}: ${bad.length - BAD_SHOWN} more lines are left out`));
}

const COLOURS = { yes: 'green', wait: 'yellow', uncertain: 'cyan', no: 'dim' } as const;

function show(verdicts: readonly Verdict[], branches: readonly string[], autoYes: number): string {
  const open = verdicts.filter(({ verdict }) => verdict !== 'no');
  const rows = open.map(({ sha, subject, branch, verdict, confidence, reason }) => [
    sha.slice(0, 10),
    plain(branch),
    paint(COLOURS[verdict], verdict),
    confidence.toFixed(2),
    brief(subject, 64),
    brief(reason, 90),
  ]);
  const counts = branches.map((branch) => {
    const own = verdicts.filter((one) => one.branch === branch);
    const count = (call: Verdict['verdict']): string =>
      String(own.filter(({ verdict }) => verdict === call).length);
    const auto = own.filter(({ verdict, confidence }) => verdict === 'yes' && confidence >= autoYes).length;
    return [plain(branch), count('yes'), String(auto), count('wait'), count('uncertain'), count('no')];
  });
  return [
    table(['commit', 'branch', 'verdict', 'sure', 'subject', 'reason'], rows, 'Nothing to backport'),
    '',
    table(['branch', 'yes', `of these ≥ ${autoYes}`, 'wait', 'uncertain', 'no'], counts, ''),
  ].join('\n');
}
