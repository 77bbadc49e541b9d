import type { Json } from '../lib/json.ts';
import { isObject } from '../lib/json.ts';
import { serverErrorFingerprint } from './fingerprint.ts';
import type { ErrorEvent } from './model.ts';

/** What of an inbound HTTP exchange is needed here; an `Exchange` of the recorder fits. */
export interface Answered {
  protocol: string;
  direction: string;
  startedAt: number;
  endedAt: number | null;
  request: Json;
  response: Json | null;
  summary: string;
}

/** The event for an inbound exchange that was answered 5xx; null for any other. Use it where no stack was seen. */
export function serverError(exchange: Answered): ErrorEvent | null {
  if (exchange.direction !== 'inbound' || !isObject(exchange.response) || !isObject(exchange.request))
    return null;
  const status = exchange.response['status'];
  const { method, target } = exchange.request;
  if (typeof status !== 'number' || status < 500 || status > 599) return null;
  if (typeof method !== 'string' || typeof target !== 'string') return null;
  const route = routePattern(target);
  return {
    detector: 'server-error',
    type: `HTTP ${status}`,
    message: `${method} ${route} answered ${status}`,
    frames: [],
    causes: [],
    at: exchange.endedAt ?? exchange.startedAt,
    raw: `${method} ${target} → ${status}`.slice(0, 8192),
    fingerprint: serverErrorFingerprint(method, route, status),
  };
}

/** `/orders/17/items?page=2` → `/orders/:id/items`: what names a thing is replaced, what names a kind of thing stays. */
export function routePattern(target: string): string {
  const path = target
    .replace(/^[a-z]+:\/\/[^/]*/i, '')
    .split(/[?#]/, 1)[0]!
    .slice(0, 2048);
  return path.split('/').map(segmentPattern).join('/') || '/';
}

function segmentPattern(segment: string): string {
  if (segment === '' || /^v\d{1,3}$/.test(segment)) return segment;
  return /[\d%@:=,]/.test(segment) || segment.length > 40 ? ':id' : segment;
}
