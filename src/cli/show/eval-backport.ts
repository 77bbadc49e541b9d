import type { BackportReport, Score } from '../../eval/backport.ts';
import type { PicksScore } from '../../eval/picks.ts';
import { reliabilityBar } from '../../eval/reliability.ts';
import { brief, plain, table } from '../style.ts';

const HEAD = ['', 'commits', 'picked', 'precision', 'recall', 'F1'];
const TAGS_SHOWN = 12;

/** Tables of how well backports were told. */
export function showBackportReport(report: BackportReport, picks: readonly PicksScore[] | null): string {
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
      ['said', 'commits', 'mean said', 'really picked', '█ picked, | said'],
      report.calibration.map((bin) => [
        `${bin.from.toFixed(1)}–${bin.to.toFixed(1)}`,
        String(bin.commits),
        bin.said.toFixed(3),
        bin.picked.toFixed(3),
        reliabilityBar(bin),
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
    ...(report.msPerCommit === null ? [] : [`${report.msPerCommit.toFixed(2)} ms a commit`]),
    ...(picks === null ? [] : ['', showPicksScore(picks)]),
  ].join('\n');
}

function row(name: string, { commits, picked, precision, recall, f1 }: Score): string[] {
  return [name, String(commits), String(picked), precision.toFixed(3), recall.toFixed(3), f1.toFixed(3)];
}

function showPicksScore(picks: readonly PicksScore[]): string {
  const share = (value: number | null): string => (value === null ? '-' : value.toFixed(2));
  return table(
    ['conflicts foretold', 'picks', 'took hands', 'foretold', 'precision', 'recall', 'ms each'],
    picks.map((one) => [
      plain(one.branch),
      String(one.picks),
      String(one.neededHands),
      String(one.predicted),
      share(one.precision),
      share(one.recall),
      one.medianMs.toFixed(0),
    ]),
    '',
  );
}
