import type { Json } from '../../lib/json.ts';
import { siblingsOf } from '../case.ts';
import { holds, unsure, type Facts, type Gate } from '../facts.ts';
import { bodyOf, callsDuring, isUnanswered, statusOf, type Observed } from '../observe.ts';
import { leftoverIn } from '../sense.ts';
import { oddities } from '../shape.ts';

const GATE = 'meaning';

/** The answer is no false success, and small changes of the request raise no error. */
export const meaning: Gate = (facts) => {
  const { at, failing } = facts;
  if (!failing) return null;
  const response = failing.responses.get(at.failing.id)?.response;
  const status = statusOf(response);
  if (status !== null && status < 400) {
    const why = falseSuccess(facts, status, bodyOf(response));
    if (why) return unsure(GATE, why);
  }
  if (facts.quoted.length > 0) {
    return unsure(
      GATE,
      `the patch compares with ${facts.quoted.join(', ')}, a value of the failing request: it repairs this request, and perhaps no other`,
    );
  }
  const tried = triedVariants(facts);
  const [broken] = brokenVariants(facts);
  if (broken !== undefined) {
    const answer = facts.variants!.responses.get(broken)!;
    return unsure(
      GATE,
      `with a small change of the request (${broken}) the patched app answers ${statusOf(answer.response) ?? answer.failure}`,
    );
  }
  return holds(
    GATE,
    status !== null && status < 400
      ? `the answer has the form of its siblings'; ${tried.length} variants raise no 5xx`
      : `answered ${status}; ${tried.length} variants raise no 5xx`,
  );
};

/** A success is believed when it looks like the successes of its siblings. */
function falseSuccess({ at }: Facts, status: number, body: Json): string | null {
  const siblings = siblingsOf(at).filter((exchange) => (statusOf(exchange.response) ?? 500) < 400);
  if (siblings.length === 0) {
    return `the patched app answers ${status}, and no recorded sibling shows what a good answer looks like`;
  }
  const bodies = siblings.map((exchange) => bodyOf(exchange.response));
  const leftover = leftoverIn(body, bodies);
  if (leftover !== null) return `the answer holds what is left of a missing value: ${leftover}`;
  const odd = oddities(body, bodies);
  if (odd.length > 0)
    return `the patched app answers ${status}, but not as its siblings do: ${odd.slice(0, 3).join(', ')}`;
  const statuses = new Set(siblings.map((exchange) => statusOf(exchange.response)));
  return statuses.has(status)
    ? null
    : `the patched app answers ${status}, its siblings ${[...statuses].join(', ')}`;
}

/** Variants that end in an error which is this patch's to repair. */
export function brokenVariants(facts: Facts): string[] {
  return triedVariants(facts).filter((name) => isBroken(facts, name));
}

/** Variants of the request that were sent and whose calls the recording could answer. */
function triedVariants({ baseline, variants }: Facts): string[] {
  return baseline.variants
    .filter(
      ({ name, kind }) =>
        kind === 'request' &&
        variants?.responses.has(name) &&
        !callsDuring(variants, name).some(isUnanswered),
    )
    .map(({ name }) => name);
}

/** Ends in a server's error, or in none. Another bug, there before with the same variant, is not this patch's to repair. */
function isBroken({ at, baseline, variants, siblingVariants }: Facts, name: string): boolean {
  if (!endsBadly(variants!, name)) return false;
  const before = baseline.variantRun ? errorsWith(baseline.variantRun, name) : new Set<string>();
  const now = [...errorsWith(variants!, name)];
  // The same change of a sibling ends as badly without the patch, where the failing request did not come to.
  if (siblingVariants && endsBadly(siblingVariants, name)) {
    const known = new Set(siblingVariants.errors.map(({ fingerprint }) => fingerprint));
    if (now.every((error) => known.has(error))) return false;
  }
  return before.has(at.error.fingerprint) || now.length === 0 || now.some((error) => !before.has(error));
}

/** Answered by a server's error, or not at all. */
function endsBadly({ responses }: Observed, name: string): boolean {
  const found = responses.get(name);
  if (!found) return false;
  const status = statusOf(found.response);
  return status === null ? found.failure !== null : status >= 500;
}

/** Fingerprints of the errors from when a request was sent until the next one was. */
function errorsWith({ responses, errors }: Observed, name: string): Set<string> {
  const sent = responses.get(name);
  if (!sent) return new Set();
  const next = Math.min(
    ...[...responses.values()].map(({ startedAt }) => startedAt).filter((time) => time > sent.startedAt),
  );
  return new Set(
    errors.filter(({ at }) => at >= sent.startedAt && at < next).map(({ fingerprint }) => fingerprint),
  );
}
