import { loadProject } from '../desks/backport/rules/project.ts';
import { readCycles } from '../eval/backport-data.ts';
import { evalBackport, type BackportReport, type Score } from '../eval/backport.ts';
import { sayBad } from './backport-triage.ts';
import type { EvalBackportOptions } from './commands/eval.ts';
import type { Session } from './session.ts';
import { brief, table } from './style.ts';

/** Exit status 2 when lines of the file could not be read: the numbers are those of the others. */
export async function runEvalBackport(session: Session, options: EvalBackportOptions): Promise<void> {
  const project = await loadProject(options.rules);
  const { cycles, bad } = await readCycles(options.commits, session.signal);
  const report = evalBackport(project, cycles, options, Date.now());
  session.answer(report, () => show(report));
  sayBad(session, options.commits, bad);
  if (bad.length > 0) session.exit(2);
}

const HEAD = ['', 'commits', 'picked', 'precision', 'recall', 'F1'];
const TAGS_SHOWN = 12;

function show(report: BackportReport): string {
  const { baselines, auto } = report;
  const tags = Object.entries(report.byTag).toSorted((a, b) => b[1].commits - a[1].commits);
  return [
    `Fitted on ${brief(report.model, 200)}`,
    '',
    table(
      HEAD,
      [
        row('rules', report.overall),
        row('baseline: tag BUG', baselines.bugTag),
        row('baseline: the word backport', baselines.word),
        row('baseline: sentences only', baselines.sentences),
        row('messages that say nothing of backports', report.silent),
        ...Object.entries(report.byCycle).map(([name, score]) => row(`cycle ${name}`, score)),
        ...tags.slice(0, TAGS_SHOWN).map(([name, score]) => row(`tag ${brief(name, 30)}`, score)),
      ],
      '',
    ),
    '',
    table(
      ['said', 'commits', 'mean said', 'really picked'],
      report.calibration.map(({ from, to, commits, said, picked }) => [
        `${from.toFixed(1)}–${to.toFixed(1)}`,
        String(commits),
        said.toFixed(3),
        picked.toFixed(3),
      ]),
      '',
    ),
    `calibration error ${report.calibrationError.toFixed(3)}`,
    '',
    table(
      ['verdict', 'commits', 'really picked'],
      Object.entries(report.verdicts).map(([name, { commits, picked }]) => [
        name,
        String(commits),
        String(picked),
      ]),
      '',
    ),
    '',
    `yes at ${auto.from} and above: ${auto.commits} commits, precision ${auto.precision.toFixed(3)}, ${(auto.coverage * 100).toFixed(1)} % of what was really picked`,
    `${report.msPerCommit.toFixed(2)} ms a commit`,
  ].join('\n');
}

function row(name: string, { commits, picked, precision, recall, f1 }: Score): string[] {
  return [name, String(commits), String(picked), precision.toFixed(3), recall.toFixed(3), f1.toFixed(3)];
}
