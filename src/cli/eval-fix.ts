import { loadConfig } from '../config/config.ts';
import { OUR_BUG, runSuite, summarise, type Checked, type Summary } from '../eval/run.ts';
import { loadSuite } from '../eval/scenario.ts';
import type { Score } from '../eval/score.ts';
import { createLogger } from '../lib/log.ts';
import { openParts } from '../server/parts.ts';
import type { EvalFixOptions } from './commands/eval.ts';
import type { Session } from './session.ts';
import { BUG } from './main.ts';
import { brief, paint, seconds, table } from './style.ts';

/**
 * Runs the scenarios below a folder. With `--json`, one line of JSON a scenario as soon as it is over, then the summary. Exit status: 1 when
 * something was verified that is not correct (or, with `--check`, a scenario is not what it says), 3 when nothing could be reproduced, 70
 * when a scenario ended in a bug of ours.
 */
export async function runEvalFix(session: Session, options: EvalFixOptions): Promise<void> {
  const suite = await loadSuite(options.suite, options.only);
  const { config } = await loadConfig(session.folder, session.io.env);
  const parts = await openParts({ config, log: createLogger('fatal'), traces: null });
  try {
    const print = (value: unknown): void => session.io.out(`${JSON.stringify(value)}\n`);
    const results = await runSuite(
      suite,
      parts.workbench,
      {
        check: options.check === true,
        wrong: options.wrong === true,
        reference: options.reference === true,
        answers: options.rebuilt ? 'both' : 'recorded',
        ...(options.engine ? { engines: options.engine } : {}),
        onScore: (score) => {
          if (session.json) print(score);
          else session.progress('problems' in score ? lineOfCheck(score) : lineOfScore(score));
        },
      },
      { signal: session.signal, onProgress: (line) => session.progress(paint('dim', line)) },
    );
    const bugs = results.some((result) =>
      ('problems' in result ? result.problems : [result.reason ?? '']).some((why) => why.startsWith(OUR_BUG)),
    );
    if (options.check) {
      const checked = results.filter((result): result is Checked => 'problems' in result);
      const summary = { total: checked.length, ok: checked.filter(({ ok }) => ok).length };
      if (session.json) print(summary);
      else session.io.out(`${summary.ok} of ${summary.total} scenarios are what they say\n`);
      session.exit(bugs ? BUG : summary.ok === summary.total ? 0 : 1);
      return;
    }
    const scores = results.filter((result): result is Score => !('problems' in result));
    const summary = summarise(suite.scenarios, scores);
    if (session.json) print(summary);
    else session.io.out(`${showScores(scores, summary)}\n`);
    session.exit(
      bugs
        ? BUG
        : summary.falseVerified + (summary.asRecorded?.falseVerified ?? 0) > 0
          ? 1
          : summary.reproduced === 0
            ? 3
            : 0,
    );
  } finally {
    await parts.close();
  }
}

function outcomeOf(score: Score): string {
  if (score.falseVerified) return paint('red', 'FALSE');
  if (score.correct) return paint('green', 'correct');
  if (score.offered) return paint('cyan', 'offered');
  if (score.inconclusive) return paint('yellow', 'inconclusive');
  return score.reproduced ? paint('yellow', 'no fix') : paint('yellow', 'not reproduced');
}

function lineOfScore(score: Score): string {
  const wrong = score.wrong
    ? `; wrong fixes: ${score.wrong.rejected} rejected, ${score.wrong.inconclusive} inconclusive, ${score.wrong.verified} verified`
    : '';
  const reference = score.reference ? `; reference fix: ${givenOf(score.reference)}` : '';
  const other = besides(score) === '' ? '' : `; from the recording only: ${besides(score)}`;
  return `${score.scenario}: ${outcomeOf(score)} in ${seconds(score.seconds)}${score.reason === null ? '' : `: ${brief(score.reason, 160)}`}${other}${reference}${wrong}`;
}

function givenOf({ verdict, gate, reason }: NonNullable<Score['reference']>): string {
  return gate === null ? verdict : `${verdict} (${gate}: ${brief(reason ?? '', 160)})`;
}

function lineOfCheck({ scenario, ok, problems }: Checked): string {
  return ok
    ? `${scenario}: ${paint('green', 'ok')}`
    : [
        `${scenario}: ${paint('red', 'not as it says')}`,
        ...problems.map((problem) => `    ${brief(problem, 200)}`),
      ].join('\n');
}

function countsOf(counts: Omit<NonNullable<Summary['asRecorded']>, 'seconds' | 'reference'>): string {
  const { verified, correct, offered, inconclusive, falseVerified } = counts;
  return `${verified} verified, ${correct} correct, ${offered} offered, ${inconclusive} inconclusive, ${falseVerified} falsely verified`;
}

function verdictsOf(of: Record<'verified' | 'rejected' | 'inconclusive', number>): string {
  return `${of.verified} verified, ${of.rejected} rejected, ${of.inconclusive} inconclusive`;
}

/** What it is from the recording only; nothing where that is the same. */
function besides(score: Score): string {
  const other = score.asRecorded;
  if (!other || outcomeOf({ ...score, ...other }) === outcomeOf(score)) return '';
  return outcomeOf({ ...score, ...other });
}

function showScores(scores: readonly Score[], summary: Summary): string {
  const both = summary.asRecorded !== undefined;
  const rows = scores.map((score) => [
    score.scenario,
    score.class,
    outcomeOf(score),
    score.engine ?? '-',
    String(score.attempts),
    seconds(score.seconds),
    ...(both ? [besides(score)] : []),
    brief(score.reason ?? '', 70),
  ]);
  const { total, reproduced, wrong } = summary;
  return [
    '',
    table(
      [
        'scenario',
        'class',
        'outcome',
        'engine',
        'tried',
        'time',
        ...(both ? ['as recorded'] : []),
        'why not',
      ],
      rows,
      'No scenario was run',
    ),
    '',
    `${total} scenarios: ${reproduced} reproduced, ${countsOf(summary)}`,
    ...(summary.asRecorded ? [`from the recording only: ${countsOf(summary.asRecorded)}`] : []),
    ...(summary.reference ? [`reference fixes by hand: ${verdictsOf(summary.reference)}`] : []),
    ...(summary.asRecorded?.reference
      ? [`… from the recording only: ${verdictsOf(summary.asRecorded.reference)}`]
      : []),
    ...(wrong
      ? [
          `${wrong.total} wrong fixes by hand: ${verdictsOf(wrong)}; caught by ${Object.entries(wrong.byGate)
            .toSorted((a, b) => b[1] - a[1])
            .map(([gate, count]) => `${gate} ${count}`)
            .join(', ')}`,
        ]
      : []),
  ].join('\n');
}
