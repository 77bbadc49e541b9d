import type { Json } from '../lib/json.ts';
import { isObject } from '../lib/json.ts';
import { createDetector } from '../incident/detect.ts';
import type { ErrorEvent } from '../incident/model.ts';
import { serverError } from '../incident/server-error.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import type { Call, ReplayResult } from '../replay/plan.ts';
import type { OutputLine, ReplayRun } from '../replay/run.ts';

/** One replay, read: what was answered, which errors were raised, which calls were made. */
export interface Observed {
  name: string;
  run: ReplayRun;
  responses: Map<string, ReplayResult['responses'][number]>;
  /** In order of time, server errors of the answers included. */
  errors: ErrorEvent[];
}

/** Reads a run, while it runs, with the same detectors that watch production. */
export interface Observer {
  /** For `replay`: errors are found as they are printed, however much is. */
  onOutput(line: OutputLine): void;
  /** `asked`: the requests as exchanges, by the result's id. */
  observed(name: string, run: ReplayRun, asked: ReadonlyMap<string, Exchange>): Observed;
}

/** An app that loops prints errors without end: so many are kept of each kind, and so many kinds. */
const MOST_OF_A_KIND = 100;
const MOST_KINDS = 500;

export function observeRun(): Observer {
  const detector = createDetector({ appRoot: '/app' });
  const errors: ErrorEvent[] = [];
  const kinds = new Map<string, number>();
  const take = (events: readonly ErrorEvent[]): void => {
    for (const event of events) {
      const seen = kinds.get(event.fingerprint) ?? 0;
      if (seen >= MOST_OF_A_KIND || (seen === 0 && kinds.size >= MOST_KINDS)) continue;
      kinds.set(event.fingerprint, seen + 1);
      errors.push(event);
    }
  };
  return {
    onOutput: (line) => take(detector.line(line.stream, line.text, line.at)),
    observed(name, run, asked) {
      if (run.exit) take(detector.exit(run.exit, run.exit.at));
      take(detector.flush(Date.now() * 1000));
      const answers = run.result.responses.flatMap(({ id, response, startedAt, endedAt }) => {
        const exchange = asked.get(id);
        return (exchange && serverError({ ...exchange, response, startedAt, endedAt })) ?? [];
      });
      return {
        name,
        run,
        responses: new Map(run.result.responses.map((response) => [response.id, response])),
        errors: [...errors, ...answers].sort((a, b) => a.at - b.at),
      };
    },
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

/** Whether the run raised this error, at any time or from some moment on. */
export function raised(observed: Observed, fingerprint: string, from = 0): boolean {
  return observed.errors.some((error) => error.fingerprint === fingerprint && error.at >= from);
}
