import { featuresOf, type Featured } from '../desks/backport/rules/features.ts';
import type { Features, Fitted } from '../desks/backport/rules/fitted.ts';
import { readHistory, type History } from '../desks/backport/rules/history.ts';
import type { Project } from '../desks/backport/rules/project.ts';
import { lookAgain } from '../desks/backport/rules/second-look.ts';
import type { Cycle } from './backport-data.ts';
import { fitLogistic } from './logistic.ts';

/** A cycle, read once. */
export interface Learned {
  cycle: string;
  history: History;
  featured: readonly Featured[];
  labels: readonly boolean[];
}

export interface Judged {
  cycle: string;
  silent: boolean;
  features: Features;
  label: boolean;
}

type Weights = ReturnType<typeof fitLogistic>;
type Pair = Record<'told' | 'silent', Weights>;
type First = NonNullable<Fitted['first']>;

/** What a cycle counts, of what the next one does: habits change. */
const FADING = 0.8;

export function learnedFrom(project: Project, cycle: Cycle): Learned {
  const history = readHistory(project, cycle.commits);
  return {
    cycle: cycle.name,
    history,
    featured: featuresOf(project, history, cycle.branch),
    labels: history.commits.map((commit) => cycle.labels.get(commit)!.backported_prev),
  };
}

/**
 * The models of both looks. What the second look learns from is told by first models that did not see its cycle: those that
 * did would look surer than they are of what comes.
 */
export function fitModels(cycles: readonly Learned[]): Pair & { first: First } {
  const single = cycles.map((own) => examplesOf(own, null));
  const again = cycles.map((own, i) => {
    const others = single.toSpliced(i, 1);
    return examplesOf(own, firstOf(fitPair(others.length === 0 ? single : others)));
  });
  return { first: firstOf(fitPair(single)), ...fitPair(again) };
}

/** The commits that a message does not keep from the branch. */
export function examplesOf({ cycle, history, featured, labels }: Learned, first: First | null): Judged[] {
  const seen = first === null ? featured : lookAgain(first, history, featured);
  return seen
    .map(({ silent, features }, at) => ({ cycle, silent, features, label: labels[at]! }))
    .filter(({ features }) => !features.has('branch:later-only'));
}

function fitPair(cycles: readonly (readonly Judged[])[]): Pair {
  const examples = cycles.flatMap((own, i) =>
    own.map((one) => ({ ...one, weight: FADING ** (cycles.length - 1 - i) })),
  );
  return {
    told: fitLogistic(examples.filter(({ silent }) => !silent)),
    silent: fitLogistic(examples.filter(({ silent }) => silent)),
  };
}

function firstOf({ told, silent }: Pair): First {
  return { told: { ...told, calibration: [] }, silent: { ...silent, calibration: [] } };
}
