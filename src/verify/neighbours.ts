import type { Exchange } from '../protocol/port.ts';
import type { Slice } from '../record/model.ts';
import { statusOf } from './observe.ts';
import { routesOf, type Routes } from './routes.ts';

const MOST = 24;

export function inboundOf(slice: Slice): Exchange[] {
  return slice.exchanges
    .filter((exchange) => exchange.direction === 'inbound' && exchange.protocol === 'http1')
    .sort((a, b) => a.startedAt - b.startedAt);
}

/** Answered, whole, and not with a server's error. */
export function isHealthy(exchange: Exchange): boolean {
  const status = statusOf(exchange.response);
  return exchange.complete && status !== null && status < 500;
}

/** Recorded requests that succeeded: those of the failing request's route first, then others; at most 24, in recorded order. */
export function chooseNeighbours(slice: Slice, failing: Exchange): Exchange[] {
  const routes = routesOf(slice);
  const healthy = inboundOf(slice).filter((exchange) => exchange.id !== failing.id && isHealthy(exchange));
  const nearest = (a: Exchange, b: Exchange): number =>
    Math.abs(a.startedAt - failing.startedAt) - Math.abs(b.startedAt - failing.startedAt);
  const siblings = healthy.filter((exchange) => routes.of(exchange) === routes.of(failing)).sort(nearest);
  const others = oneOfEachFirst(
    healthy.filter((exchange) => routes.of(exchange) !== routes.of(failing)).sort(nearest),
    routes,
  );
  return [...siblings.slice(0, MOST / 2), ...others].slice(0, MOST).sort((a, b) => a.startedAt - b.startedAt);
}

/** So that a busy route does not crowd out the others: the first of each route and status, then the rest. */
function oneOfEachFirst(exchanges: Exchange[], routes: Routes): Exchange[] {
  const seen = new Set<string>();
  const first: Exchange[] = [];
  const rest: Exchange[] = [];
  for (const exchange of exchanges) {
    const key = `${routes.of(exchange)} ${statusOf(exchange.response)}`;
    (seen.has(key) ? rest : first).push(exchange);
    seen.add(key);
  }
  return [...first, ...rest];
}
