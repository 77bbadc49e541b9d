import type { ErrorEvent } from '../../incident/model.ts';
import { failingCalls, type Case } from '../case.ts';
import { holds, rejects, unsure, type Baseline, type Gate } from '../facts.ts';
import { bodyOf, isUnanswered, statusOf, type Observed } from '../observe.ts';
import { inboundOf } from '../neighbours.ts';
import { sameShape } from '../shape.ts';

/** No error, crash, 5xx or unhandled rejection that the unpatched runs did not have. */
export const nothingNew: Gate = ({ at, baseline, failing, neighbours }) => {
  if (!failing) return null;
  const known = knownErrors(at, baseline);
  for (const observed of [failing, neighbours]) {
    if (!observed) continue;
    const fresh = observed.errors.find(
      (error) =>
        (!known.has(error.fingerprint) || (observed === failing && isItsAnswer(at, failing, error))) &&
        !answersLikeASibling(at, observed, error),
    );
    if (fresh && wasLeftAlone(at, observed, failing)) {
      return unsure(
        'nothing new',
        `${fresh.type} came after a call that nothing recorded answers: what the patch does then is not known`,
      );
    }
    if (fresh)
      return rejects(
        'nothing new',
        `an error in ${observed.name}: ${fresh.type}: ${fresh.message.slice(0, 200)}`,
      );
    if (observed.run.exit) return rejects('nothing new', `the patched app ended during ${observed.name}`);
  }
  return holds('nothing new', 'no error, crash or 5xx that the unpatched runs did not have');
};

/** Whether the request asked for something that the recording does not have: what follows is then our doing, not the patch's. */
function wasLeftAlone(at: Case, observed: Observed, failing: Observed): boolean {
  const calls = observed === failing ? failingCalls(at, failing) : observed.run.result.calls;
  return calls.some(isUnanswered);
}

/** The failing request's own 5xx. That the unpatched code gave it too is no excuse: it is what was to be repaired. */
function isItsAnswer(at: Case, failing: Observed, error: ErrorEvent): boolean {
  const answer = failing.responses.get(at.failing.id);
  return error.detector === 'server-error' && error.at === answer?.endedAt;
}

function knownErrors(at: Case, baseline: Baseline): Set<string> {
  const runs = [...at.unpatched, ...(baseline.runs ?? [])];
  return new Set(
    runs
      .flatMap((run) => run.errors.map((error) => error.fingerprint))
      .filter((print) => print !== at.error.fingerprint),
  );
}

/**
 * A 5xx that the app itself gives on purpose elsewhere in the recording, with the same status and the same form, is its way of saying
 * that another server failed, and no new error.
 */
function answersLikeASibling(at: Case, observed: Observed, error: ErrorEvent): boolean {
  if (error.detector !== 'server-error') return false;
  const { response } = observed.responses.get(at.failing.id) ?? { response: null };
  const status = statusOf(response);
  if (status === null || status === 500 || error.type !== `HTTP ${status}`) return false;
  return inboundOf(at.slice).some(
    (exchange) =>
      exchange.id !== at.failing.id &&
      statusOf(exchange.response) === status &&
      sameShape(bodyOf(exchange.response), bodyOf(response)),
  );
}
