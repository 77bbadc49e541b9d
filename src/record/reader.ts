import { Worker } from 'node:worker_threads';
import { VouchError, messageOf } from '../lib/errors.ts';
import type { Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import type { SliceRequest } from './slice.ts';

export interface ScanRequest {
  folder: string;
  /** Microseconds since 1970: exchanges that ended later than `after`, until `until`. */
  after: number;
  until: number;
  /** How long before `after` an exchange may have begun, microseconds. */
  lookBack: number;
}

export interface ScanAnswer {
  /** Inbound exchanges that were answered 5xx; of the response its status only. */
  failed: Exchange[];
  /** When the last exchange that was looked at ended. */
  scannedTo: number;
  /** There are some that ended after `until`. */
  fresh: boolean;
}

export interface CutRequest extends Omit<SliceRequest, 'recording'> {
  folder: string;
  /** Microseconds since 1970. */
  from: number;
}

export interface CutAnswer {
  /** The slice as JSON text. */
  json: string;
  failing: string | null;
  confidence: number;
  /** The request that failed has not ended yet: a later cut will hold more of it. */
  underWay: boolean;
  /** By `host:port` of servers with a schema: what the slice shows of it (`SchemaReader.shown`). */
  schemas: Record<string, Json>;
}

export type Question = { ask: 'scan'; request: ScanRequest } | { ask: 'cut'; request: CutRequest };
export type Reply = { answer: ScanAnswer | CutAnswer } | { error: string };

/** Reads recordings of running apps. Questions are answered in order, one at a time. */
export interface RecordingReader {
  scan(request: ScanRequest): Promise<ScanAnswer>;
  cut(request: CutRequest): Promise<CutAnswer>;
  close(): Promise<void>;
}

/** A recording that cannot be read within this costs its own question, not the process. */
const MAX_HEAP_MB = 4096;
const MAX_WAITING = 1000;

/**
 * Decodes in a thread of its own, started when it is first needed: a minute of busy traffic takes seconds to decode, and
 * the process that asks also hands requests to the apps. What the thread cannot do throws `unavailable`; it is started
 * again for the next question.
 */
export function openReader(): RecordingReader {
  let worker: Worker | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let settle: ((reply: Reply) => void) | undefined;

  const start = (): Worker => {
    const thread = new Worker(new URL('reader-worker.ts', import.meta.url), {
      // Flags of ours, such as a debugger's, are not meant for it.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    // It may end after another has taken its place.
    const ended = (why: string): void => {
      if (worker !== thread) return;
      worker = undefined;
      settle?.({ error: why });
    };
    thread.on('message', (reply: Reply) => settle?.(reply));
    thread.on('error', (error) => ended(messageOf(error)));
    thread.on('exit', () => ended('its reader ended'));
    return thread;
  };

  const ask = async (question: Question): Promise<ScanAnswer | CutAnswer> => {
    const thread = (worker ??= start());
    // A question keeps this process alive, an idle thread does not.
    thread.ref();
    const reply = await new Promise<Reply>((resolve) => {
      settle = resolve;
      thread.postMessage(question);
    });
    settle = undefined;
    thread.unref();
    if ('answer' in reply) return reply.answer;
    throw new VouchError(
      'unavailable',
      `${question.request.folder}: the recording cannot be read: ${reply.error}`,
    );
  };

  const inTurn = (question: Question): Promise<ScanAnswer | CutAnswer> => {
    if (waiting >= MAX_WAITING)
      return Promise.reject(new VouchError('unavailable', `${waiting} recordings wait to be read already`));
    waiting++;
    const mine = queue.then(() => ask(question)).finally(() => waiting--);
    queue = mine.catch(() => {});
    return mine;
  };

  return {
    scan: (request) => inTurn({ ask: 'scan', request }) as Promise<ScanAnswer>,
    cut: (request) => inTurn({ ask: 'cut', request }) as Promise<CutAnswer>,
    async close() {
      await queue;
      await worker?.terminate();
    },
  };
}
