import type { Decisions } from '../decisions.ts';
import { sameBehaviour } from '../behaviour.ts';
import type { Case } from '../case.ts';
import type { Behaviour, Evidence, GateResult } from '../evidence.ts';
import { holds, unsure } from '../facts.ts';
import { goesTheWayOf, type Way } from '../ways.ts';
import { answerBefore, follows, precedentOf, type Precedent } from '../precedents.ts';

/** A candidate that passed every other gate, or that at least nothing speaks against. */
export interface Survivor {
  /** False: some gate could not tell, for want of a recording. It can be offered, never verified. */
  proved: boolean;

  proposal: string;
  why: string;
  behaviour: Behaviour;
  /** Best first among rivals. */
  rank: number;
  /** Constants of the patch that could be others, with every gate content and another answer: made up, not proved. */
  invented: string[];
  decisions: Decisions;
  /** Its calls for the failing request. */
  way: Way;
}

export interface Determination {
  gate: GateResult;
  alternatives: Evidence['alternatives'];
}

const MOST_ALTERNATIVES = 3;

/**
 * Compares a survivor with its rivals by what they do. Where the recording has a precedent, only what follows it holds. Without one, a
 * single answer holds if it is made of nothing but what was recorded; several answers, or one with made-up constants, are a choice for a
 * person: at most three alternatives, best first, one of each behaviour. `unjudged`: rivals of which nobody knows what they do.
 */
export function determine(at: Case, own: Survivor, all: readonly Survivor[], unjudged = 0): Determination {
  const rivals = all.filter(({ proved }) => proved);
  const open = all.filter(({ proved }) => !proved);
  if (!own.proved) {
    const gate = unsure('determined', 'the gates before leave open what it does');
    return {
      gate,
      alternatives: alternativesOf(
        [...groupByBehaviour([...rivals, own]), ...groupByBehaviour(open)],
        undefined,
      ),
    };
  }
  const groups = groupByBehaviour([own, ...rivals]);
  const mine = groups.find((group) => group.includes(own))!;
  const found = precedentOf(at);
  const isBound = (one: Survivor): boolean =>
    !found || found.premise === null || one.way.some(({ key }) => key === found.premise);
  // One that repairs the call itself does not come to where the precedent begins.
  const repairs = groups.filter((group) =>
    group.some((one) => !isBound(one) && isPlain(one) && succeeds(one)),
  );
  const precedent = repairs.length > 0 ? null : found;
  const onTheWay = groups.filter((group) =>
    group.some((one) => isPlain(one) && goesTheWayOf(at, one.way, one.behaviour)),
  );
  const doubt = doubtAbout(at, own, unjudged);
  if (precedent === null && onTheWay.length === 1 && onTheWay[0] === mine && doubt === null) {
    return {
      gate: holds(
        'determined',
        `${othersThan(groups)}this one decides nothing itself, goes on from where the recording broke off as its siblings went on, and is answered as they were`,
      ),
      alternatives: [],
    };
  }
  const following = precedent ? groups.filter((group) => follows(at, group[0]!.behaviour, precedent)) : [];
  if (precedent && following.length === 1 && following[0] === mine) {
    return {
      gate: holds('determined', `${othersThan(groups)}this one is singled out: ${precedent.why}`),
      alternatives: [],
    };
  }
  const single =
    groups.length === 1 && precedent === null && mine.some(({ invented }) => invented.length === 0);
  if (single && doubt !== null) {
    const gate = unsure('determined', doubt);
    return { gate, alternatives: alternativesOf([...groups, ...groupByBehaviour(open)], undefined) };
  }
  if (single) {
    const same =
      rivals.length === 0
        ? 'no rival passes the other gates'
        : `${rivals.length} rivals that pass the other gates do the same`;
    return { gate: holds('determined', `${same}, and nothing in the answer is made up`), alternatives: [] };
  }
  const first = following.length === 1 ? following[0] : undefined;
  return {
    gate: unsure('determined', whyNot(groups, mine, precedent, following.length)),
    alternatives: alternativesOf([...groups, ...groupByBehaviour(open)], first),
  };
}

/** Why the only answer there is may not be the right one. */
function doubtAbout(at: Case, own: Survivor, unjudged: number): string | null {
  if (own.decisions.leavesOut)
    return 'the patch leaves out a decision or a call that the code made, and nothing recorded says that it may';
  if (unjudged > 0) return `${unjudged} rivals could not be judged: they may do something else`;
  const before = answerBefore(at);
  return before === null || follows(at, own.behaviour, before)
    ? null
    : `${before.why}, and nothing recorded says that it should not be`;
}

/** The best of each group, best group first; the one that the recording suggests before all others. */
function alternativesOf(groups: Survivor[][], first: Survivor[] | undefined): Evidence['alternatives'] {
  return groups
    .toSorted((a, b) => Number(b === first) - Number(a === first) || best(b) - best(a))
    .slice(0, MOST_ALTERNATIVES)
    .map((group) => {
      const { proposal, behaviour, why } = group.toSorted((a, b) => b.rank - a.rank)[0]!;
      return {
        proposal,
        answer: { status: behaviour.status, body: behaviour.body },
        writes: behaviour.writes,
        why,
      };
    });
}

function whyNot(
  groups: Survivor[][],
  mine: Survivor[],
  precedent: Precedent | null,
  following: number,
): string {
  if (precedent && following > 0) return `another answer is singled out: ${precedent.why}`;
  if (precedent) return `the answer is not the one that the recording suggests: ${precedent.why}`;
  if (groups.length > 1)
    return `a choice: ${groups.length} different answers pass every other gate, and nothing recorded singles one out`;
  return `a choice: nothing recorded determines ${mine[0]!.invented.slice(0, 3).join(', ')} in the patch; with another value every other gate holds as well`;
}

function othersThan({ length }: readonly unknown[]): string {
  if (length === 1) return '';
  return length === 2 ? 'another answer is possible; ' : `${length - 1} other answers are possible; `;
}

/** What it answers follows from the code that was there. */
function isPlain({ decisions, invented }: Survivor): boolean {
  return !decisions.adds && !decisions.leavesOut && invented.length === 0;
}

function succeeds({ behaviour }: Survivor): boolean {
  return behaviour.status !== null && behaviour.status < 400;
}

function best(group: readonly Survivor[]): number {
  return Math.max(...group.map(({ rank }) => rank));
}

function groupByBehaviour(survivors: readonly Survivor[]): Survivor[][] {
  const groups: Survivor[][] = [];
  for (const survivor of survivors) {
    const group = groups.find(([first]) => sameBehaviour(first!.behaviour, survivor.behaviour));
    if (group) group.push(survivor);
    else groups.push([survivor]);
  }
  return groups;
}
