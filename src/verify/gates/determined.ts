import { sameBehaviour } from '../behaviour.ts';
import type { Case } from '../case.ts';
import type { Behaviour, Evidence, GateResult } from '../evidence.ts';
import { holds, unsure } from '../facts.ts';
import { singledOut } from '../singled-out.ts';

/** A candidate that passed every other gate. */
export interface Survivor {
  proposal: string;
  why: string;
  behaviour: Behaviour;
  /** Best first among rivals. */
  rank: number;
}

export interface Determination {
  gate: GateResult;
  alternatives: Evidence['alternatives'];
}

const MOST_ALTERNATIVES = 3;

/**
 * Compares a survivor with its rivals by what they do. If they answer differently, something in the recording has to single one answer
 * out; else it is a choice for a person, with at most three alternatives, best first, one of each behaviour.
 */
export function determine(at: Case, own: Survivor, rivals: readonly Survivor[]): Determination {
  const groups = groupByBehaviour([own, ...rivals]);
  const mine = groups.findIndex((group) => group.includes(own));
  if (groups.length === 1) {
    return {
      gate: holds(
        'determined',
        rivals.length === 0
          ? 'no rival passes the other gates'
          : `${rivals.length} rivals that pass the other gates do the same`,
      ),
      alternatives: [],
    };
  }
  const chosen = singledOut(
    at,
    groups.map((group) => group[0]!.behaviour),
  );
  if (chosen?.index === mine) {
    return {
      gate: holds(
        'determined',
        `${groups.length - 1} other answers are possible; this one is singled out: ${chosen.why}`,
      ),
      alternatives: [],
    };
  }
  const order = [...groups.keys()].sort(
    (a, b) =>
      Number(b === chosen?.index) - Number(a === chosen?.index) || best(groups[b]!) - best(groups[a]!),
  );
  const alternatives = order.slice(0, MOST_ALTERNATIVES).map((index) => {
    const { proposal, behaviour, why } = groups[index]!.toSorted((a, b) => b.rank - a.rank)[0]!;
    return {
      proposal,
      answer: { status: behaviour.status, body: behaviour.body },
      writes: behaviour.writes,
      why,
    };
  });
  const why = chosen
    ? `another answer is singled out: ${chosen.why}`
    : `a choice: ${groups.length} different answers pass every other gate, and nothing recorded singles one out`;
  return { gate: unsure('determined', why), alternatives };
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
