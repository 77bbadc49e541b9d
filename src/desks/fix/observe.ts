import { join } from 'node:path';
import type { DeploymentExit, DeploymentHooks, PreparedDeployment } from '../../deploy/facade.ts';
import type { LogLine } from '../../deploy/model.ts';
import { createDetector, type Detector } from '../../incident/detect.ts';
import type { ErrorEvent, Incident } from '../../incident/model.ts';
import { serverError } from '../../incident/server-error.ts';
import { recordOccurrence, saveSlice, type Occurrence } from '../../incident/store.ts';
import { messageOf } from '../../lib/errors.ts';
import { silentLogger, type Logger } from '../../lib/log.ts';
import type { Agent } from '../../record/agent/port.ts';
import { openReader, type RecordingReader } from '../../record/reader.ts';
import type { Store } from '../../store/store.ts';
import { createSchemaKeeper } from './schemas.ts';

export interface ObserverOptions {
  store: Store;
  /** Null: errors are still found, without recordings; `why` is then what is said. */
  agent: Agent | null;
  /** Recordings are kept in a folder per deployment below this. */
  folder: string;
  log?: Logger;
  now?: () => number;
  reader?: RecordingReader;
  /** Errors that may wait to be stored; what an app prints beyond is not counted. Default 1,000. */
  maxPending?: number;
  /** Read the catalogs of the databases that apps are given. Default true. */
  readSchemas?: boolean;
  /** Told of every incident whenever it is new or happened again; `slice` once its recording is pinned. */
  onIncident?: (incident: Incident, slice: string | null) => void;
}

export interface Observer {
  hooks: DeploymentHooks;
  /** Resolves when everything seen so far was looked at: errors stored, slices cut. Also looks for answers of 5xx that nobody logged. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface Watched {
  deployment: string;
  app: string;
  release: string;
  folder: string;
  cgroupId: bigint;
  detector: Detector;
  /** Fingerprint → slices cut of it here. */
  cut: Map<string, { count: number; last: number }>;
  /** Up to where answers of 5xx were looked for, microseconds. */
  scannedTo: number;
  /** When the next look for them may begin, milliseconds of `performance.now()`. */
  nextScan: number;
  /** Answers were recorded that are too fresh to be looked at. */
  fresh: boolean;
  events: number;
  ended: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** An error that was stored, and where it came from. */
interface Around {
  one: Watched;
  event: ErrorEvent;
  /** The exchange itself where its answer is the error. */
  exchange: string | null;
  incident: Incident;
  occurrence: Occurrence;
}

/** The request of an error may still be under way when the error is printed: it is cut when it had this long to end. */
const REQUEST_GRACE_MS = 250;
/** One that is still under way then is looked at again after these, and cut as it is in the end. */
const LOOK_AGAIN_MS = [1_000, 4_000, 15_000];
const SCAN_EVERY_MS = 2_000;
const MAX_PENDING = 1_000;
/** A stack is printed with its answer, but may be read later than that was recorded. */
const STACK_GRACE_MS = 1_000;
/** Slices of one fingerprint and deployment: the first few, later one in a while. */
const SLICES_AT_ONCE = 3;
const SLICE_AGAIN_MS = 60_000;
/** How far back a slice looks, and how long a request may have taken that is answered 5xx without a stack. */
const LOOK_BACK_US = 15 * 60 * 1_000_000;
const SCAN_LOOK_BACK_US = 30 * 1_000_000;
/** Looking for answers of 5xx takes at most this part of the time, whatever the traffic. */
const SCAN_SHARE = 0.2;

/** Watches deployments: taps them, finds their errors, and pins what was recorded around each. */
export function createObserver(options: ObserverOptions): Observer {
  const { store, agent } = options;
  const log = options.log ?? silentLogger;
  const now = options.now ?? Date.now;
  const maxPending = options.maxPending ?? MAX_PENDING;
  const reader = options.reader ?? openReader();
  const schemas = createSchemaKeeper(store, log, now);
  const watched = new Map<string, Watched>();
  const pending = new Set<Promise<void>>();
  /** When stacks were seen, by deployment: a 5xx beside one is the same error. */
  const recent = new Map<string, number[]>();
  const scans = new Set<Watched>();
  /** Begins what is put off, now. */
  const putOff = new Set<() => void>();
  /** Nothing is put off any more. */
  let hurry = 0;
  let dropped = 0;
  let queue: Promise<void> = Promise.resolve();

  /** One at a time, in order: two errors of one moment must not cut the same segments twice as hard. */
  const inTurn = (work: () => Promise<void>): void => {
    queue = queue
      .then(work)
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'an error could not be recorded'));
    const mine = queue;
    pending.add(mine);
    void mine.finally(() => pending.delete(mine));
  };

  const later = (ms: number, work: () => Promise<void>): void => {
    const begin = (): void => {
      clearTimeout(timer);
      putOff.delete(begin);
      inTurn(work);
    };
    const timer = setTimeout(begin, ms);
    timer.unref();
    putOff.add(begin);
  };

  const finish = async (): Promise<void> => {
    hurry++;
    for (const begin of putOff) begin();
    while (pending.size > 0) await Promise.all(pending);
    hurry--;
  };

  const scanner = setInterval(() => {
    for (const one of watched.values()) {
      if (scans.has(one)) continue; // the last one waits for its turn still
      scans.add(one);
      inTurn(() => {
        scans.delete(one);
        return scan(one);
      });
    }
  }, SCAN_EVERY_MS);
  scanner.unref();

  return {
    hooks: { onPrepared, onOutput, onExit, onProduction },
    async settle() {
      for (const one of watched.values()) {
        take(one, one.detector.flush(now() * 1000));
        inTurn(() => scan(one, true));
      }
      await finish();
    },
    async close() {
      clearInterval(scanner);
      for (const one of watched.values()) clearTimeout(one.timer);
      await finish();
      await reader.close();
    },
  };

  /** Beside everything else: a server that does not answer holds up nobody's errors. */
  function onProduction({ release, env }: Parameters<NonNullable<DeploymentHooks['onProduction']>>[0]): void {
    if (options.readSchemas === false) return;
    const mine = schemas.production(release.id, env);
    pending.add(mine);
    void mine.finally(() => pending.delete(mine));
  }

  async function onPrepared({
    cgroupPath,
    cgroupId,
    attempt,
    deployment,
    release,
  }: PreparedDeployment): Promise<void> {
    // A restart is another process with a start-up of its own; the tap of the one before may still be writing.
    const folder = join(options.folder, deployment.id, String(attempt));
    watched.set(deployment.id, {
      deployment: deployment.id,
      app: deployment.app,
      release: release.id,
      folder,
      cgroupId,
      detector: createDetector({ appRoot: '/app' }),
      cut: watched.get(deployment.id)?.cut ?? new Map(),
      scannedTo: now() * 1000,
      nextScan: 0,
      fresh: false,
      events: 0,
      ended: false,
      timer: undefined,
    });
    await agent?.tap({ cgroupPath, cgroupId, folder, descendants: true });
  }

  function onOutput(line: LogLine): void {
    const one = watched.get(line.deployment);
    if (!one || line.stream === 'vouch') return;
    take(one, one.detector.line(line.stream, line.line, line.at));
    // The end of a stack is known by what follows it; nothing may follow.
    clearTimeout(one.timer);
    one.timer = setTimeout(() => take(one, one.detector.flush(now() * 1000)), 50);
    one.timer.unref();
  }

  function onExit(exit: DeploymentExit): void {
    const one = watched.get(exit.deployment.id);
    if (!one) return;
    clearTimeout(one.timer);
    take(one, one.detector.flush(exit.at));
    if (!exit.asked) take(one, one.detector.exit(exit, exit.at));
    inTurn(async () => {
      await scan(one, true);
      // A restart has put another cgroup in its place by now.
      await agent?.untap(one.cgroupId);
      one.ended = true;
      if (watched.get(one.deployment) === one && exit.asked) watched.delete(one.deployment);
    });
  }

  function take(one: Watched, events: readonly ErrorEvent[]): void {
    for (const event of events) {
      // Now, not in its turn: an answer of 5xx must not be looked at before the stack beside it is known.
      remember(one.deployment, event.at);
      if (pending.size >= maxPending) {
        if (dropped++ % maxPending === 0)
          log.warn({ app: one.app, dropped }, 'more errors than can be stored: some are not counted');
        continue;
      }
      inTurn(async () => {
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(0, event.at / 1000 + REQUEST_GRACE_MS - now())),
        );
        await keep(one, event, null);
      });
    }
  }

  /** Answers of 5xx for which nothing was printed; `all`: also those of this moment. */
  async function scan(one: Watched, all = false): Promise<void> {
    if (!agent || one.ended) return;
    const began = performance.now();
    if (!all && began < one.nextScan) return;
    const until = all ? Infinity : (now() - STACK_GRACE_MS) * 1000;
    const { events } = await agent.flush(one.cgroupId);
    if (events === one.events && !one.fresh) return;
    one.events = events;
    one.fresh = false;
    const { folder, scannedTo: after } = one;
    const found = await reader.scan({ folder, after, until, lookBack: SCAN_LOOK_BACK_US });
    one.scannedTo = found.scannedTo;
    one.fresh = found.fresh;
    one.nextScan = performance.now() + (performance.now() - began) / SCAN_SHARE;
    for (const exchange of found.failed) {
      const event = serverError(exchange);
      if (event && !explained(one, event)) await keep(one, event, exchange.id);
    }
  }

  /** A stack printed while the request was under way, or right after, has been stored already. */
  function explained(one: Watched, event: ErrorEvent): boolean {
    return (recent.get(one.deployment) ?? []).some((at) => Math.abs(at - event.at) < 500_000);
  }

  async function keep(one: Watched, event: ErrorEvent, exchange: string | null): Promise<void> {
    const { incident, occurrence } = await recordOccurrence(store, {
      app: one.app,
      release: one.release,
      deployment: one.deployment,
      error: event,
      title: `${event.type}: ${event.message}`.slice(0, 300),
      culprit: culpritOf(event),
    });
    const pinned =
      agent !== null && mayCut(one, event) ? await pin({ one, event, exchange, incident, occurrence }) : null;
    options.onIncident?.(incident, pinned);
  }

  /** Pins the recording around an error, now or, while its request is under way, later. Gives the slice's id if it is pinned. */
  async function pin(around: Around, again = 0): Promise<string | null> {
    const { one, event, exchange, incident, occurrence } = around;
    const { app, release, deployment, folder } = one;
    try {
      if (!one.ended) await agent!.flush(one.cgroupId);
      const { at, detector, message } = event;
      const {
        json,
        failing,
        confidence,
        underWay,
        schemas: shown,
      } = await reader.cut({
        app,
        release,
        deployment,
        folder,
        from: at - LOOK_BACK_US,
        error: { at, detector, message, ...(exchange === null ? {} : { exchange }) },
      });
      const wait = LOOK_AGAIN_MS[again];
      if (underWay && wait !== undefined && hurry === 0 && !one.ended) {
        later(wait, async () => {
          const slice = await pin(around, again + 1);
          if (slice !== null) options.onIncident?.(incident, slice);
        });
        return null;
      }
      const info = { app, release, deployment, failing, confidence };
      await schemas.seen(release, shown);
      return (await saveSlice(store, info, json, occurrence.id)).id;
    } catch (error) {
      const why = { incident: incident.id, error: messageOf(error) };
      log.warn(why, 'the recording around an error could not be read');
      return null;
    }
  }

  function mayCut(one: Watched, event: ErrorEvent): boolean {
    const before = one.cut.get(event.fingerprint) ?? { count: 0, last: 0 };
    if (before.count >= SLICES_AT_ONCE && now() - before.last < SLICE_AGAIN_MS) return false;
    one.cut.set(event.fingerprint, { count: before.count + 1, last: now() });
    return true;
  }

  function remember(deployment: string, at: number): void {
    const all = [...(recent.get(deployment) ?? []), at].slice(-200);
    recent.set(deployment, all);
  }
}

function culpritOf(event: ErrorEvent): string | null {
  const frame = event.frames.find(({ inApp }) => inApp);
  return frame ? `${frame.function ?? 'anonymous'} (${frame.file})` : null;
}
