import pg from 'pg';
import type { Exchange } from '../../../src/protocol/port.ts';
import { postgres } from '../../../src/protocol/postgres/postgres.ts';
import { startRelay, type Relay } from '../../integration/protocol-setup.ts';
import type { Random } from '../patch/random.ts';
import type { MadeSchema } from './schemas.ts';
import { makeRead, makeWrite, type Statement } from './statements.ts';

/** Microseconds since 1970 by the clock that the relay writes down. */
export function clock(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** Clients whose talk with a database is written down. */
export interface Recorder {
  /** What each statement was, by its text. */
  kinds: Map<string, string>;
  /** Everybody at once, so many statements each. */
  together(random: Random, calls: number): Promise<void>;
  /** One after the other; transactions of one may be under way while another asks. */
  inTurns(random: Random, calls: number): Promise<void>;
  /** Ends transactions that are under way. */
  settle(): Promise<void>;
  exchanges(): Exchange[];
  close(): Promise<void>;
}

interface Client {
  client: pg.Client;
  inside: boolean;
}

export async function startRecorder(url: string, schema: MadeSchema, count: number): Promise<Recorder> {
  const target = new URL(url);
  const relay: Relay = await startRelay(Number(target.port));
  target.port = String(relay.port);
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) {
    const client = new pg.Client({ connectionString: target.href });
    client.on('error', () => {});
    await client.connect();
    clients.push({ client, inside: false });
  }
  const kinds = new Map<string, string>();
  const say = async (one: Client, statement: Statement): Promise<void> => {
    kinds.set(statement.sql, statement.kind);
    await run(one.client, statement);
  };

  async function step(random: Random, one: Client): Promise<void> {
    const chance = random.below(100);
    if (!one.inside) {
      if (chance < 8) {
        await say(
          one,
          session(
            random.pick(['BEGIN', 'BEGIN', 'START TRANSACTION', 'BEGIN ISOLATION LEVEL REPEATABLE READ']),
          ),
        );
        one.inside = true;
      } else await say(one, chance < 60 ? makeRead(random, schema) : makeWrite(random, schema));
      return;
    }
    if (chance < 22) {
      await say(one, session(random.pick(['COMMIT', 'COMMIT', 'ROLLBACK'])));
      one.inside = false;
    } else if (chance < 30) await say(one, session('SAVEPOINT s'));
    else if (chance < 36)
      await say(one, session(random.pick(['ROLLBACK TO SAVEPOINT s', 'RELEASE SAVEPOINT s'])));
    else await say(one, chance < 60 ? makeRead(random, schema) : makeWrite(random, schema));
  }

  return {
    kinds,
    async together(random, calls) {
      await Promise.all(
        clients.map(async (one) => {
          for (let i = 0; i < calls; i++) await step(random, one);
        }),
      );
    },
    async inTurns(random, calls) {
      let one = clients[0]!;
      for (let i = 0; i < calls; i++) {
        if (random.below(one.inside ? 12 : 3) === 0) one = random.pick(clients);
        await step(random, one);
      }
    },
    async settle() {
      for (const one of clients) {
        if (one.inside) await say(one, session('COMMIT'));
        one.inside = false;
      }
    },
    exchanges: () => decode(relay),
    async close() {
      for (const { client } of clients) await client.end().catch(() => {});
      await relay.close();
    },
  };
}

function session(sql: string): Statement {
  return { kind: 'session', sql, params: [], binary: false };
}

/** Errors are answers too. */
export async function run(client: pg.Client, { sql, params, binary }: Statement): Promise<void> {
  const query: pg.QueryConfig & { binary: boolean } = { text: sql, values: params, binary };
  await client.query(params.length > 0 || binary ? query : sql).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error;
  });
}

function decode(relay: Relay): Exchange[] {
  return relay.connections.flatMap((chunks, number) => {
    const decoder = postgres.decoder();
    const decoded = chunks.flatMap((chunk) => decoder.push(chunk));
    if (decoder.failed) throw new Error(`gave up: ${decoder.failed.reason}`);
    return decoded.map((one, i): Exchange => ({
      version: 1,
      id: `${number}.${i}`,
      connection: String(number),
      protocol: 'postgres',
      direction: 'outbound',
      destination: { host: '10.0.0.1', port: 5432 },
      ...one,
    }));
  });
}
