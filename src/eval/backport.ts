import type { Commit, Verdict } from '../desks/backport/model.ts';
import { triageByRules } from '../desks/backport/rules/engine.ts';
import { askedOf } from '../desks/backport/rules/features.ts';
import type { Lesson } from '../desks/backport/rules/lessons.ts';
import type { Project } from '../desks/backport/rules/project.ts';
import { readMessage, type Reading } from '../desks/backport/rules/read-message.ts';
import { VouchError } from '../lib/errors.ts';
import { pickCycles, type Cycle, type Label } from './backport-data.ts';
import { fitBackport } from './backport-fit.ts';
import type { Bin } from './reliability.ts';

export interface Score {
  commits: number;
  picked: number;
  precision: number;
  recall: number;
  f1: number;
}

export interface BackportReport {
  cycles: string[];
  /** What the model was fitted on. */
  model: string;
  overall: Score;
  byCycle: Record<string, Score>;
  byTag: Record<string, Score>;
  /** Messages that say nothing of backports. */
  silent: Score;
  baselines: { bugTag: Score; word: Score; sentences: Score };
  calibration: Bin[];
  /** Of commits, the mean distance between what was said and what became of them, bin by bin. */
  calibrationError: number;
  auto: { from: number; commits: number; precision: number; coverage: number };
  verdicts: Record<Verdict['verdict'], { commits: number; picked: number }>;
  /** Null where the rules were not timed. */
  msPerCommit: number | null;
}

interface Judged {
  cycle: string;
  label: Label;
  verdict: Verdict;
  reading: Reading;
  commit: Commit;
}

/** What the maintained branch before a cycle really got, against what the rules say; `yes` and `wait` count as picked. */
export function evalBackport(
  given: Project,
  all: readonly Cycle[],
  { train, validate, lessons }: { train?: string; validate?: string; lessons?: number },
  now: number,
): BackportReport {
  const trained = train === undefined ? [] : pickCycles(all, train);
  const measured =
    validate === undefined ? all.filter((cycle) => !trained.includes(cycle)) : pickCycles(all, validate);
  const both = measured.find((cycle) => trained.includes(cycle));
  if (both) throw new VouchError('usage', `cycle ${both.name}: cannot be trained on and validate`);
  if (measured.length === 0) throw new VouchError('usage', 'no cycle is left to measure');
  const project = trained.length === 0 ? given : { ...given, model: fitBackport(given, trained) };
  let ms = 0;
  const judged = measured.flatMap((cycle) => {
    const start = performance.now();
    const verdicts = triageByRules(
      project,
      cycle.commits,
      [cycle.branch],
      now,
      past(all, cycle, lessons ?? 0),
    );
    ms += performance.now() - start;
    return cycle.commits.map((commit, i): Judged => ({
      cycle: cycle.name,
      label: cycle.labels.get(commit)!,
      verdict: verdicts[i]!,
      reading: readMessage(project, commit),
      commit,
    }));
  });
  return report(project, judged, ms / judged.length);
}

/** The same for verdicts that were told already: one a commit and cycle's branch. */
export function scoreVerdicts(
  project: Project,
  cycles: readonly Cycle[],
  verdicts: readonly Verdict[],
): BackportReport {
  const told = new Map(verdicts.map((verdict) => [`${verdict.sha} ${verdict.branch}`, verdict]));
  const judged = cycles.flatMap((cycle) =>
    cycle.commits.flatMap((commit): Judged[] => {
      const verdict = told.get(`${commit.sha} ${cycle.branch}`);
      if (verdict === undefined) return [];
      const label = cycle.labels.get(commit)!;
      return [{ cycle: cycle.name, label, verdict, reading: readMessage(project, commit), commit }];
    }),
  );
  return report(project, judged, null);
}

/** What was really picked of the cycles just before one, as decisions of people. */
function past(all: readonly Cycle[], cycle: Cycle, count: number): Lesson[] {
  const at = all.indexOf(cycle);
  return all.slice(Math.max(0, at - count), at).flatMap(({ branch, commits, labels }) =>
    commits.map((commit): Lesson => ({
      sha: commit.sha,
      subject: commit.subject,
      body: commit.body,
      files: commit.files.map(({ path }) => path),
      branch,
      call: labels.get(commit)!.backported_prev ? 'yes' : 'no',
      by: 'the maintainers',
      at: Date.parse(commit.date),
      note: '',
    })),
  );
}

function report(project: Project, judged: readonly Judged[], msPerCommit: number | null): BackportReport {
  const engine = ({ verdict }: Judged): boolean => verdict.verdict === 'yes' || verdict.verdict === 'wait';
  const byKey = (key: (one: Judged) => string): Record<string, Score> =>
    Object.fromEntries(
      [...Map.groupBy(judged, key)].map(([name, group]): [string, Score] => [name, score(group, engine)]),
    );
  const calibration = bins(judged);
  const auto = judged.filter((one) => engine(one) && one.verdict.confidence >= project.model.autoYes);
  const right = auto.filter(({ label }) => label.backported_prev).length;
  const picked = judged.filter(({ label }) => label.backported_prev).length;
  const verdicts = (['yes', 'wait', 'uncertain', 'no'] as const).map((verdict) => {
    const group = judged.filter((one) => one.verdict.verdict === verdict);
    return [
      verdict,
      { commits: group.length, picked: group.filter(({ label }) => label.backported_prev).length },
    ] as const;
  });
  return {
    cycles: [...new Set(judged.map(({ cycle }) => cycle))],
    model: project.model.source,
    overall: score(judged, engine),
    byCycle: byKey(({ cycle }) => cycle),
    byTag: byKey(({ label }) => label.tag || 'none'),
    silent: score(
      judged.filter(({ reading }) => reading.said.length === 0),
      engine,
    ),
    baselines: {
      bugTag: score(judged, ({ reading }) => reading.head.tags.includes('bug')),
      word: score(judged, ({ commit }) => /backport/i.test(`${commit.subject}\n${commit.body}`)),
      sentences: score(judged, ({ reading, verdict }) =>
        ['asks', 'may'].includes(askedOf(reading, verdict.branch)),
      ),
    },
    calibration,
    calibrationError: round(
      calibration.reduce((sum, bin) => sum + bin.commits * Math.abs(bin.said - bin.picked), 0) /
        judged.length,
    ),
    auto: {
      from: project.model.autoYes,
      commits: auto.length,
      precision: round(right / (auto.length || 1)),
      coverage: round(right / (picked || 1)),
    },
    verdicts: Object.fromEntries(verdicts) as BackportReport['verdicts'],
    msPerCommit: msPerCommit === null ? null : round(msPerCommit),
  };
}

function score(group: readonly Judged[], says: (one: Judged) => boolean): Score {
  const positive = group.filter(says);
  const right = positive.filter(({ label }) => label.backported_prev).length;
  const picked = group.filter(({ label }) => label.backported_prev).length;
  return {
    commits: group.length,
    picked,
    precision: round(right / (positive.length || 1)),
    recall: round(right / (picked || 1)),
    f1: round((2 * right) / (positive.length + picked || 1)),
  };
}

const BINS = 10;

function bins(judged: readonly Judged[]): Bin[] {
  const grouped = Map.groupBy(judged, ({ verdict }) =>
    Math.min(Math.floor(verdict.probability * BINS), BINS - 1),
  );
  return [...grouped]
    .toSorted(([a], [b]) => a - b)
    .map(([at, group]) => ({
      from: at / BINS,
      to: (at + 1) / BINS,
      commits: group.length,
      said: round(group.reduce((sum, { verdict }) => sum + verdict.probability, 0) / group.length),
      picked: round(group.filter(({ label }) => label.backported_prev).length / group.length),
    }));
}

function round(n: number): number {
  return Math.round(n * 10_000) / 10_000;
}
