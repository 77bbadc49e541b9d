import type { Json } from '../../lib/json.ts';
import { siblingsOf } from '../case.ts';
import { holds, unsure, type Facts, type Gate } from '../facts.ts';
import { bodyOf, callsDuring, isUnanswered, statusOf } from '../observe.ts';
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
  const broken = brokenVariant(facts);
  if (broken) return unsure(GATE, broken);
  const tried = facts.baseline.variants.filter(({ kind }) => kind === 'request').length;
  return holds(
    GATE,
    status !== null && status < 400
      ? `the answer has the form of its siblings'; ${tried} variants raise no 5xx`
      : `answered ${status}; ${tried} variants raise no 5xx`,
  );
};

/** A success is believed when it looks like the successes of its siblings. */
function falseSuccess({ at }: Facts, status: number, body: Json): string | null {
  const siblings = siblingsOf(at).filter((exchange) => (statusOf(exchange.response) ?? 500) < 400);
  if (siblings.length === 0) {
    return `the patched app answers ${status}, and no recorded sibling shows what a good answer looks like`;
  }
  const odd = oddities(
    body,
    siblings.map((exchange) => bodyOf(exchange.response)),
  );
  if (odd.length > 0)
    return `the patched app answers ${status}, but not as its siblings do: ${odd.slice(0, 3).join(', ')}`;
  const statuses = new Set(siblings.map((exchange) => statusOf(exchange.response)));
  return statuses.has(status)
    ? null
    : `the patched app answers ${status}, its siblings ${[...statuses].join(', ')}`;
}

/** A variant that now ends in a server's error and did not before, or ends in the very error that was to be repaired. */
function brokenVariant({ at, baseline, variants }: Facts): string | null {
  if (!variants) return null;
  for (const variant of baseline.variants) {
    if (variant.kind !== 'request') continue;
    const answer = variants.responses.get(variant.name);
    if (!answer || callsDuring(variants, variant.name).some(isUnanswered)) continue;
    const status = statusOf(answer.response);
    const bad = status === null ? answer.failure !== null : status >= 500;
    if (!bad) continue;
    const raisedHere = variants.errors.find(
      (error) => error.at >= answer.startedAt && error.at <= answer.endedAt + 5_000,
    );
    const before = baseline.variantRun?.errors ?? [];
    const known =
      raisedHere &&
      raisedHere.fingerprint !== at.error.fingerprint &&
      before.some((error) => error.fingerprint === raisedHere.fingerprint);
    if (known) continue; // another bug, there before: not this patch's to repair
    return `with a small change of the request (${variant.name}) the patched app answers ${status ?? answer.failure}`;
  }
  return null;
}
