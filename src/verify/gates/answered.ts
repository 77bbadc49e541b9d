import { differences } from '../../lib/json.ts';
import type { Call } from '../../replay/plan.ts';
import { failingCalls } from '../case.ts';
import { holds, unsure, type Gate } from '../facts.ts';
import { isUnanswered } from '../observe.ts';

/** Every outgoing call of the failing request was answered from the recording, or by state that follows from it. */
export const answered: Gate = ({ at, failing }) => {
  if (!failing) return null;
  const stray = failing.run.strays[0];
  if (stray)
    return unsure(
      'answered',
      `the patched app connects to ${stray.address}:${stray.port}, which was never recorded`,
    );
  const calls = failingCalls(at, failing);
  const missing = calls.find(isUnanswered);
  if (missing) return unsure('answered', describe(missing));
  const atStart = failing.run.result.calls.find((call) => call.during === null && isUnanswered(call));
  if (atStart) return unsure('answered', `at start-up, ${describe(atStart)}`);
  const { moreCalls } = failing.run.result;
  if (moreCalls > 0) return unsure('answered', `${moreCalls} more calls were made than are kept of a run`);
  const count = (match: Call['match']): number => calls.filter((call) => call.match === match).length;
  const [normalised, rebuilt] = [count('normalised'), count('rebuilt')];
  return holds(
    'answered',
    `${calls.length - rebuilt} calls answered from the recording${normalised > 0 ? `, ${normalised} of them normalised` : ''}` +
      (rebuilt > 0 ? `; ${rebuilt} by state rebuilt from it` : ''),
  );
};

function describe(call: Call): string {
  const unknown = call.unknown === null ? '' : `, and ${call.unknown}`;
  const what = `${call.summary} (${call.destination}) was never recorded${unknown}`;
  if (!call.nearest) return what;
  if (call.nearest.differences.length === 0)
    return `${call.summary} (${call.destination}) was recorded, but no answer that fits here${unknown}`;
  const [first] = call.nearest.differences as ReturnType<typeof differences>;
  const how = first
    ? `: ${first.path} ${JSON.stringify(first.before ?? null)} → ${JSON.stringify(first.after ?? null)}`
    : '';
  return `${what}; nearest: ${call.nearest.summary}${how}`.slice(0, 600);
}
