import { messageOf, VouchError } from '../lib/errors.ts';
import type { Exchange, KeptSchema, Protocol, Rebuilt, RebuiltState, Told } from '../protocol/port.ts';
import { destinationKey } from '../record/exchanges.ts';
import type { Slice } from '../record/model.ts';
import { destinationName } from './matching.ts';
import type { Happened, ReplayPlan } from './plan.ts';

/** The servers of one recording that can be rebuilt. Nothing is started before it is asked, or told to. */
export interface States {
  /** Destinations (see `destinationName`) that something is known of. */
  readonly destinations: readonly string[];
  /** Starts the servers of these calls, which will probably be asked, beside whatever else is done. */
  warm(calls: readonly Exchange[]): void;
  /** For one run. */
  begin(plan: ReplayPlan): RunStates;
  /** Ends the servers; whoever asks later starts them again. */
  close(): Promise<void>;
}

export interface RunStates {
  /** Never rejects: what cannot be rebuilt is not dared. Null for what is not asked. */
  happened(event: Happened): Promise<Told | null>;
  end(): void;
}

/** `schemas`: what was read of servers, by destination. */
export function createStates(
  history: NonNullable<Slice['history']>,
  schemas: ReadonlyMap<string, KeptSchema>,
  protocolOf: (name: string) => Protocol,
): States {
  const byDestination = Map.groupBy(
    history.exchanges.filter(({ protocol }) => protocolOf(protocol).rebuild !== undefined),
    ({ destination }) => destinationName(destination),
  );
  const unsure = new Map(
    // As `destinationName` has it: a socket file has no port.
    Object.entries(history.unsure).map(([place, why]) => [place.replace(/:0$/, ''), why]),
  );
  const servers = new Map<string, Promise<Rebuilt>>();
  /** A server has one state at a time, so runs that ask take turns, each for all that it asks. */
  let turn: Promise<unknown> = Promise.resolve();

  /** Whoever asks next has it started again. */
  const discard = (destination: string): void => {
    const broken = servers.get(destination);
    servers.delete(destination);
    void broken?.then(
      (server) => server.close(),
      () => {},
    );
  };

  const serverOf = (destination: string): Promise<Rebuilt> => {
    const running = servers.get(destination);
    if (running) return running;
    const exchanges = byDestination.get(destination);
    if (!exchanges)
      throw new VouchError('inconclusive', unsure.get(destination) ?? 'nothing of it was recorded');
    const started = protocolOf(exchanges[0]!.protocol).rebuild!({
      exchanges,
      facts: history.facts[destinationKey(exchanges[0]!.destination)] ?? null,
      schema: schemas.get(destination) ?? null,
    });
    servers.set(destination, started);
    started.catch(() => servers.delete(destination));
    return started;
  };

  return {
    destinations: [...byDestination.keys(), ...unsure.keys()],
    warm(calls) {
      for (const destination of new Set(calls.map((call) => destinationName(call.destination))))
        // Why it cannot be started is told to who asks.
        if (byDestination.has(destination)) serverOf(destination).catch(() => {});
    },
    begin(plan) {
      let release = (): void => {};
      let mine: Promise<unknown> | undefined;
      const myTurn = (): Promise<unknown> => {
        if (mine) return mine;
        const before = turn;
        turn = new Promise<void>((resolve) => (release = resolve));
        return (mine = before);
      };
      const run = createRun(plan, { serverOf, discard, myTurn });
      return {
        happened: run.happened,
        end() {
          // What it asks still is over first: the next run has the server to itself.
          void run.end().then(release);
        },
      };
    },
    async close() {
      await turn;
      for (const started of servers.values()) {
        const server = await started.catch(() => undefined);
        await server?.close();
      }
      servers.clear();
    },
  };
}

/** What happened at one destination since the moment that a request was asked at. */
interface Line {
  events: Happened[];
  /** How many of the events its state has taken in. */
  taken: number;
  state: RebuiltState | undefined;
}

interface Servers {
  serverOf: (destination: string) => Promise<Rebuilt>;
  discard: (destination: string) => void;
  myTurn: () => Promise<unknown>;
}

/** What a run may break of servers before nobody starts them for it any more. */
const MOST_BROKEN = 2;

function createRun(
  plan: ReplayPlan,
  { serverOf, discard, myTurn }: Servers,
): Pick<RunStates, 'happened'> & { end(): Promise<unknown> } {
  const exchanges = new Map(plan.exchanges.map((exchange) => [exchange.id, exchange]));
  const moments = new Map(plan.requests.map(({ id, recordedAt }) => [id, recordedAt]));
  // Requests that overlap share what they do to a server.
  const together = plan.requests.filter(({ offsetMs }) => plan.schedule === 'recorded' && offsetMs !== null);
  const first = Math.min(...together.map(({ recordedAt }) => recordedAt));
  const overlapping = new Set(together.map(({ id }) => id));
  const lines = new Map<string, Line>();
  /** By destination: the line whose state its server has now. */
  const loaded = new Map<string, Line>();
  let queue: Promise<unknown> = Promise.resolve();
  const broken: string[] = [];
  let over = false;

  return {
    happened(event) {
      const result = queue.then(() => take(event));
      queue = result.catch(() => {});
      return result;
    },
    end() {
      over = true;
      return queue;
    },
  };

  async function take(event: Happened): Promise<Told | null> {
    const shared = overlapping.has(event.during);
    const key = `${shared ? '' : event.during} ${event.destination}`;
    const line = lines.get(key) ?? { events: [], taken: 0, state: undefined };
    lines.set(key, line);
    line.events.push(event);
    if (event.what !== 'asked') return null;
    const moment = shared ? first : moments.get(event.during);
    if (moment === undefined) return { dared: false, reason: 'it belongs to no recorded request' };
    if (over) return { dared: false, reason: 'the run is over' };
    if (broken.length >= MOST_BROKEN) return { dared: false, reason: broken.at(-1)! };
    try {
      await myTurn();
      return await tell(line, event.destination, moment);
    } catch (error) {
      broken.push(`the state of ${event.destination} cannot be rebuilt: ${messageOf(error)}`);
      loaded.delete(event.destination);
      discard(event.destination);
      return { dared: false, reason: broken.at(-1)! };
    }
  }

  async function tell(line: Line, destination: string, moment: number): Promise<Told> {
    if (line.state === undefined || loaded.get(destination) !== line) {
      const server = await serverOf(destination);
      line.state = await server.at(moment);
      line.taken = 0;
      loaded.set(destination, line);
    }
    let told: Told = { dared: false, reason: '' };
    while (line.taken < line.events.length) {
      const { what, connection, request, exchange } = line.events[line.taken++]!;
      if (what === 'session') await line.state.session(connection, request);
      else if (what === 'asked') told = await line.state.ask(connection, request);
      else {
        const response = exchanges.get(exchange ?? '')?.response ?? null;
        if (response !== null) await line.state.follow(connection, request, response);
      }
    }
    return told;
  }
}
