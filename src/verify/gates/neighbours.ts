import { canonicalJson, differences, type Json } from '../../lib/json.ts';
import type { Exchange } from '../../protocol/port.ts';
import { learn, mask } from '../../replay/noise.ts';
import { holds, rejects, unsure, type Baseline, type Gate } from '../facts.ts';
import { callsDuring, comparable, isUnanswered, statusOf, type Observed } from '../observe.ts';
import { routesOf } from '../routes.ts';

/** Recorded requests that succeeded get the same answers from the patched code, modulo what differs by itself. */
export const neighbours: Gate = ({ at, baseline, failing, neighbours: after }) => {
  if (!failing) return null;
  const usable = usableNeighbours(baseline);
  if (!after || usable.length === 0) {
    return unsure(
      'neighbours',
      'no recorded request that succeeded could be replayed, so nothing shows that the patch keeps what worked',
    );
  }
  const cannotTell: string[] = [];
  for (const exchange of usable) {
    const difference = differs(baseline, after, exchange);
    if (difference === null) continue;
    const calls = callsDuring(after, exchange.id);
    if (calls.some((call) => isUnanswered(call) || call.anyOrder === true)) cannotTell.push(exchange.summary);
    else return rejects('neighbours', `${exchange.summary} is answered differently: ${difference}`);
  }
  const unanswered = usable.find((exchange) => callsDuring(after, exchange.id).some(isUnanswered));
  if (unanswered) {
    const call = callsDuring(after, unanswered.id).find(isUnanswered)!;
    return unsure(
      'neighbours',
      `${unanswered.summary} now makes a call that was never recorded: ${call.summary}${call.unknown === null ? '' : `, and ${call.unknown}`}`,
    );
  }
  if (cannotTell.length > 0)
    return unsure(
      'neighbours',
      `${cannotTell[0]} is answered differently, on rows of which the order is not determined`,
    );
  const stray = after.run.strays.find((one) => !wasThere(baseline, one));
  if (stray)
    return unsure(
      'neighbours',
      `they now connect to ${stray.address}:${stray.port}, which was never recorded`,
    );
  const routes = new Set(usable.map((exchange) => routesOf(at.slice).of(exchange))).size;
  return holds('neighbours', `${usable.length} recorded requests on ${routes} routes get the same answers`);
};

/** Neighbours that the unpatched code replays as recorded: same status, the same answer in both runs, all calls answered. */
export function usableNeighbours(baseline: Baseline): Exchange[] {
  const { runs } = baseline;
  if (!runs) return [];
  return baseline.neighbours.filter((exchange) => {
    const replayed = runs.every(
      (run) =>
        statusOf(run.responses.get(exchange.id)?.response) === statusOf(exchange.response) &&
        !callsDuring(run, exchange.id).some(isUnanswered),
    );
    if (!replayed) return false;
    const [first, second] = maskedAnswers(runs, exchange);
    return canonicalJson(first) === canonicalJson(second);
  });
}

/** The answers of the unpatched runs, and one more, without what differs between the former by itself. */
function maskedAnswers(
  runs: readonly [Observed, Observed],
  exchange: Exchange,
  more: Json = null,
): [Json, Json, Json] {
  const [first, second] = runs.map((run) => comparable(run.responses.get(exchange.id)?.response));
  const rules = new Set(learn([first!, second!]));
  return [mask(first!, rules), mask(second!, rules), mask(more, rules)];
}

function wasThere({ runs }: Baseline, stray: { address: string; port: number }): boolean {
  return (runs ?? []).some(({ run }) =>
    run.strays.some(({ address, port }) => address === stray.address && port === stray.port),
  );
}

/** What differs between the answer before and after, as a person reads it; null when nothing does. */
function differs(baseline: Baseline, after: Observed, exchange: Exchange): string | null {
  const now = after.responses.get(exchange.id);
  if (!now || now.response === null) return `no answer (${now?.failure ?? 'not sent'})`;
  const [was, , is] = maskedAnswers(baseline.runs!, exchange, comparable(now.response));
  if (canonicalJson(was) === canonicalJson(is)) return null;
  return differences(was, is, 3)
    .map(({ path, before: a, after: b }) => `${path === '' ? 'the answer' : path}: ${short(a)} → ${short(b)}`)
    .join(', ');
}

function short(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
