import type { Call, Commit, Verdict } from '../model.ts';
import { coverOf, isOlder } from './branch.ts';
import { askedOf, featuresOf, type Featured } from './features.ts';
import { probabilityOf, weightiest, type Fitted } from './fitted.ts';
import { readHistory, type History } from './history.ts';
import type { Project } from './project.ts';

const DAY_MS = 86_400_000;
const QUOTE = 240;

/**
 * A verdict for each commit and branch, in the order given: branch by branch for a commit. Nothing but messages, dates and
 * paths is used. `now` (milliseconds since 1970) decides whether a period that a message asks for is over.
 */
export function triageByRules(
  project: Project,
  commits: readonly Commit[],
  branches: readonly string[],
  now: number,
): Verdict[] {
  const history = readHistory(project, commits);
  const place = new Map(history.commits.map((commit, at) => [commit, at]));
  const byBranch = branches.map((branch) => {
    const featured = featuresOf(project, history, branch);
    const onto = { branch, older: isOlder(branch, branches) };
    return history.commits.map((_, at) => verdictOf(project, history, featured[at]!, at, onto, now));
  });
  return commits.flatMap((commit) => byBranch.map((verdicts) => verdicts[place.get(commit)!]!));
}

function verdictOf(
  project: Project,
  history: History,
  { silent, features, needs }: Featured,
  at: number,
  { branch, older }: { branch: string; older: boolean },
  now: number,
): Verdict {
  const { sha, subject } = history.commits[at]!;
  const fitted = project.model;
  const probability = round(probabilityOf(fitted, silent, features, older));
  const waitDays = history.readings[at]!.waitDays;
  const until = waitDays === null ? null : history.times[at]! + waitDays * DAY_MS;
  const verdict = callOf(fitted, probability, until !== null && until > now);
  const quotes = history.readings[at]!.said.filter(({ rules }) => rules.length > 0)
    .slice(0, 4)
    .map(({ text }) => `"${text.slice(0, QUOTE)}"`);
  const rules = weightiest(fitted, silent, features, 4);
  return {
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
    reason: reasonOf(history, at, branch, verdict, until, now, rules),
    engine: 'rules',
    evidence: [...quotes, ...rules],
    needs: verdict === 'no' ? [] : [...new Set(needs)].map((need) => history.commits[need]!.sha),
    conflicts: null,
    prerequisites: [],
    already: null,
    waitUntil: until === null ? null : new Date(until).toISOString(),
  };
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
