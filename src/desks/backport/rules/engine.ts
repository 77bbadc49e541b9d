import type { Call, Commit, Verdict } from '../model.ts';
import { coverOf, isOlder } from './branch.ts';
import { askedOf, featuresOf, type Featured } from './features.ts';
import { probabilityOf, weightiest, type Fitted } from './fitted.ts';
import { readHistory, type History } from './history.ts';
import { lessonsOf, lessonText, shiftOf, shifted, type Alike, type Lesson, type Lessons } from './lessons.ts';
import type { Project } from './project.ts';
import { lookAgain } from './second-look.ts';

const DAY_MS = 86_400_000;
const QUOTE = 240;
/** Past decisions that are shown and weigh. */
const SIMILAR = 3;

/**
 * A verdict for each commit and branch, in the order given: branch by branch for a commit. Nothing but messages, dates and
 * paths is used, and what people decided before (`past`). `now` (milliseconds since 1970) decides whether a period that a message asks for is over.
 */
export function triageByRules(
  project: Project,
  commits: readonly Commit[],
  branches: readonly string[],
  now: number,
  past: readonly Lesson[] = [],
): Verdict[] {
  const lessons = lessonsOf(past);
  const history = readHistory(project, commits);
  const place = new Map(history.commits.map((commit, at) => [commit, at]));
  const byBranch = branches.map((branch) => {
    const single = featuresOf(project, history, branch);
    const { first } = project.model;
    const featured = first === null ? single : lookAgain(first, history, single);
    const onto = { branch, older: isOlder(branch, branches), lessons };
    return history.commits.map((_, at) => verdictOf(project, history, featured[at]!, at, onto, now));
  });
  return commits.flatMap((commit) => byBranch.map((verdicts) => verdicts[place.get(commit)!]!));
}

function verdictOf(
  project: Project,
  history: History,
  { silent, features, needs }: Featured,
  at: number,
  { branch, older, lessons }: { branch: string; older: boolean; lessons: Lessons },
  now: number,
): Verdict {
  const { sha, subject } = history.commits[at]!;
  const fitted = project.model;
  const similar = lessons.similar(history.commits[at]!, branch, SIMILAR);
  const shift = shiftOf(similar, !silent);
  const probability = round(shifted(probabilityOf(fitted, silent, features, older), shift));
  const waitDays = history.readings[at]!.waitDays;
  const until = waitDays === null ? null : history.times[at]! + waitDays * DAY_MS;
  const verdict = callOf(fitted, probability, until !== null && until > now);
  const quotes = history.readings[at]!.said.filter(({ rules }) => rules.length > 0)
    .slice(0, 4)
    .map(({ text }) => `"${text.slice(0, QUOTE)}"`);
  const rules = weightiest(fitted, silent, features, 4);
  const told: Verdict = {
    sha,
    subject,
    branch,
    verdict,
    confidence:
      verdict === 'no'
        ? round(1 - probability)
        : verdict === 'uncertain'
          ? Math.max(probability, round(1 - probability))
          : probability,
    probability,
    reason: reasonOf(history, at, branch, verdict, until, now, rules) + lessonsSay(similar, shift),
    engine: 'rules',
    evidence: [...quotes, ...similar.map(lessonText), ...rules],
    needs: verdict === 'no' ? [] : [...new Set(needs)].map((need) => history.commits[need]!.sha),
    conflicts: null,
    prerequisites: [],
    already: null,
    waitUntil: until === null ? null : new Date(until).toISOString(),
  };
  const own = lessons.own(sha, branch);
  return own === null ? told : decided(told, own);
}

/** Somebody said it already: that is no guess. */
function decided(told: Verdict, { call, by, at, note }: Lesson): Verdict {
  const day = new Date(at).toISOString().slice(0, 10);
  const why = note === '' ? '' : `: ${note.slice(0, QUOTE)}`;
  return {
    ...told,
    verdict: call,
    confidence: 1,
    engine: 'person',
    probability: { yes: 1, wait: 1, uncertain: 0.5, no: 0 }[call],
    reason: `${by} decided ${call} on ${day}${why}`,
    evidence: [`decision of ${by}, ${day}`, ...told.evidence],
  };
}

function lessonsSay(similar: readonly Alike[], shift: number): string {
  if (Math.abs(shift) < 0.2) return '';
  return ` ${similar.length === 1 ? 'A decision' : `${similar.length} decisions`} on commits that are alike ${shift > 0 ? 'speak for it' : 'speak against it'}.`;
}

function callOf(fitted: Fitted, probability: number, early: boolean): Call {
  if (probability >= fitted.yes) return early ? 'wait' : 'yes';
  return probability < fitted.no ? 'no' : 'uncertain';
}

function reasonOf(
  history: History,
  at: number,
  branch: string,
  verdict: Call,
  until: number | null,
  now: number,
  rules: readonly string[],
): string {
  const reading = history.readings[at]!;
  const strongest = rules[0]?.replace(/^rule (\S+) .*$/, '$1') ?? 'nothing in particular';
  const asked = askedOf(reading, branch);
  const said = {
    asks: 'The message asks for a backport',
    may: 'The message allows a backport',
    declines:
      coverOf(reading, branch) === 'later-only'
        ? 'The message asks for later branches only'
        : 'The message says that no backport is needed',
    mixed: 'The message speaks of backports without a clear answer',
    silent: `The message says nothing of backports; most telling: ${strongest}`,
  }[asked];
  const against = { yes: 'declines', wait: 'declines', no: 'asks', uncertain: '' }[verdict];
  const but = asked === against ? `, but ${strongest} speaks against it` : '';
  const wait =
    until === null || verdict === 'no'
      ? ''
      : `; it asks to wait until ${new Date(until).toISOString().slice(0, 10)}${until <= now ? ', which is past' : ''}`;
  return `${said}${but}${wait}.`;
}

function round(n: number): number {
  return Math.round(n * 1000) / 1000;
}
