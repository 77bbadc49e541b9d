import type { Json } from '../lib/json.ts';
import { isObject } from '../lib/json.ts';
import { createDetector } from '../incident/detect.ts';
import type { ErrorEvent } from '../incident/model.ts';
import { serverError } from '../incident/server-error.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import type { Call, ReplayResult } from '../replay/plan.ts';
import type { ReplayRun } from '../replay/run.ts';

/** One replay, read: what was answered, which errors were raised, which calls were made. */
export interface Observed {
  name: string;
  run: ReplayRun;
  responses: Map<string, ReplayResult['responses'][number]>;
  /** In order of time, server errors of the answers included. */
  errors: ErrorEvent[];
}

/** Reads a run with the same detectors that watch production. `asked`: the requests as exchanges, by the result's id. */
export function observe(name: string, run: ReplayRun, asked: ReadonlyMap<string, Exchange>): Observed {
  const detector = createDetector({ appRoot: '/app' });
  const errors: ErrorEvent[] = [];
  for (const line of run.output) errors.push(...detector.line(line.stream, line.text, line.at));
  const end = Date.now() * 1000;
  if (run.exit) errors.push(...detector.exit(run.exit, run.exit.at));
  errors.push(...detector.flush(end));
  for (const { id, response, startedAt, endedAt } of run.result.responses) {
    const exchange = asked.get(id);
    const event = exchange && serverError({ ...exchange, response, startedAt, endedAt });
    if (event) errors.push(event);
  }
  return {
    name,
    run,
    responses: new Map(run.result.responses.map((response) => [response.id, response])),
    errors: errors.sort((a, b) => a.at - b.at),
  };
}

export function statusOf(response: Json | null | undefined): number | null {
  return isObject(response) && typeof response['status'] === 'number' ? response['status'] : null;
}

const http = protocolOf('http1');

/** A response as it is compared; null for none. */
export function comparable(response: Json | null | undefined): Json {
  return response === null || response === undefined ? null : http.comparable(response);
}

/** The body of a comparable response. */
export function bodyOf(response: Json | null | undefined): Json {
  const value = comparable(response);
  return isObject(value) ? (value['body'] ?? null) : null;
}

export function callsDuring(observed: Observed, id: string): Call[] {
  return observed.run.result.calls.filter((call) => call.during === id);
}

export function isUnanswered(call: Call): boolean {
  return call.match === 'none' || call.match === 'similar';
}

/** Whether the run raised this error. */
export function raised(observed: Observed, fingerprint: string): boolean {
  return observed.errors.some((error) => error.fingerprint === fingerprint);
}
