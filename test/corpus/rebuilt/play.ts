import pg from 'pg';
import type { PostgresServer } from '../../../src/eval/services/postgres.ts';
import type { Exchange } from '../../../src/protocol/port.ts';
import {
  pgRequestSchema,
  pgResponseSchema,
  type PgResponse,
} from '../../../src/protocol/postgres/messages.ts';
import { postgres } from '../../../src/protocol/postgres/postgres.ts';
import { RebuiltPostgres } from '../../../src/protocol/postgres/rebuilt/engine.ts';
import { Knowledge } from '../../../src/protocol/postgres/rebuilt/knowledge.ts';
import { sameAnswer } from '../../../src/protocol/postgres/rebuilt/response.ts';
import type { Answered, Run } from '../../../src/protocol/postgres/rebuilt/run.ts';
import type { PgSchema } from '../../../src/protocol/postgres/rebuilt/schema.ts';
import { readSchema } from '../../../src/protocol/postgres/rebuilt/schema-read.ts';
import { random as randomOf, type Random } from '../patch/random.ts';
import { clock, run as say, startRecorder } from './record.ts';
import { makeSchema, type MadeSchema } from './schemas.ts';
import { makeRead, makeWrite, type Statement } from './statements.ts';
import { startRelay } from '../../integration/protocol-setup.ts';

export interface Wrong {
  seed: number;
  sql: string;
  params: unknown;
  /** Whether a recorded call after the cut, or a question at a moment in the middle. */
  where: string;
  real: unknown;
  ours: unknown;
  facts: unknown;
}

export interface Tally {
  calls: number;
  dared: number;
  /** Dared with ids or moments of our server's own, so that only the rest could be compared. */
  assumed: number;
}

export interface Played {
  wrong: Wrong[];
  byKind: Map<string, Tally>;
  /** Why calls were not dared, how often. */
  reasons: Map<string, number>;
  freshMs: number[];
  warmMs: number;
}

const START = { timeZone: 'UTC', odd: null };

/** What was recorded of one made-up database, and what else the real one said. Plain JSON, so that it can be looked at again. */
export interface Gathered {
  seed: number;
  sql: string;
  catalog: PgSchema;
  exchanges: Exchange[];
  cut: number;
  probes: { at: number; asked: Exchange[] }[];
  kinds: Record<string, string>;
}

/** A made-up database and what clients do with it. */
export async function gather(server: PostgresServer, seed: number, calls: number): Promise<Gathered> {
  const random = randomOf(seed);
  const schema = makeSchema(random);
  const name = `rebuilt_${seed}_${calls}`;
  const settings = ["deadlock_timeout = '50ms'", "lock_timeout = '150ms'", "timezone = 'UTC'"];
  const { url } = await server.create(
    name,
    [schema.sql, ...settings.map((one) => `ALTER DATABASE "${name}" SET ${one};`)].join('\n'),
  );
  const direct = new pg.Client({ connectionString: url });
  await direct.connect();
  const filled = 25 * schema.tables.length;
  for (let i = 0; i < filled; i++) await say(direct, fill(random, schema, i));
  const catalog = await readSchema(async (sql) => (await direct.query<Record<string, unknown>>(sql)).rows);
  const recorder = await startRecorder(url, schema, 3);
  const { kinds } = recorder;
  try {
    const probes: Gathered['probes'] = [];
    for (let phase = 0; phase < 3; phase++) {
      await recorder.together(random, 12 + random.below(30));
      probes.push(await probe(random, url, schema, Math.ceil(calls / 8), kinds));
      await recorder.together(random, 4 + random.below(8));
    }
    await recorder.settle();
    const cut = clock();
    await recorder.inTurns(random, Math.ceil(calls * 0.65));
    await recorder.settle();
    return {
      seed,
      sql: schema.sql,
      catalog,
      exchanges: recorder.exchanges(),
      cut,
      probes,
      kinds: Object.fromEntries(kinds),
    };
  } finally {
    await recorder.close();
    await direct.end();
  }
}

/** Every answer that the rebuilt state dares to give beside the real one. */
export async function judge(gathered: Gathered): Promise<Played> {
  const { seed, catalog, exchanges, cut, probes } = gathered;
  const random = randomOf(seed + 1);
  const played: Played = { wrong: [], byKind: new Map(), reasons: new Map(), freshMs: [], warmMs: 0 };
  const begun = performance.now();
  const rebuilt = await RebuiltPostgres.warm(catalog, START);
  played.warmMs = performance.now() - begun;
  try {
    const before = exchanges.filter(({ startedAt }) => startedAt <= cut);
    const knowledge = await Knowledge.read(catalog, before, START);
    for (const { at, asked } of probes) {
      const state = await fresh(rebuilt, knowledge, at, played);
      for (const one of asked) await compare(played, gathered, state, one, `at ${at}`, false);
    }
    const state = await fresh(rebuilt, knowledge, cut, played);
    const rest = exchanges
      .filter(({ startedAt }) => startedAt > cut)
      .sort((a, b) => a.startedAt - b.startedAt);
    for (const exchange of rest) await step(played, gathered, state, exchange, random);
  } finally {
    await rebuilt.close();
  }
  return played;
}

async function fresh(
  rebuilt: RebuiltPostgres,
  knowledge: Knowledge,
  at: number,
  played: Played,
): Promise<Run> {
  const snapshot = knowledge.at(at);
  const begun = performance.now();
  const state = await rebuilt.fresh(snapshot);
  played.freshMs.push(performance.now() - begun);
  return state;
}

/** Rows that were there before anybody looked. */
function fill(random: Random, schema: MadeSchema, index: number): Statement {
  for (;;) {
    const made = makeWrite(random, schema);
    if (
      made.kind === 'INSERT' &&
      (index > 12 || made.sql.startsWith(`INSERT INTO ${schema.tables[0]!.name}`))
    )
      return made;
  }
}

/** Questions that nobody recorded, at a moment when no statement is under way. */
async function probe(
  random: Random,
  url: string,
  schema: MadeSchema,
  count: number,
  kinds: Map<string, string>,
): Promise<Gathered['probes'][number]> {
  const target = new URL(url);
  const relay = await startRelay(Number(target.port));
  target.port = String(relay.port);
  const client = new pg.Client({ connectionString: target.href });
  await client.connect();
  const at = clock();
  for (let i = 0; i < count; i++) {
    const made = makeRead(random, schema);
    made.sql = made.sql.replace(' FOR UPDATE', '');
    kinds.set(made.sql, made.kind);
    await say(client, made);
  }
  await client.end();
  await relay.close();
  const decoder = postgres.decoder();
  const decoded = relay.connections[0]!.flatMap((chunk) => decoder.push(chunk));
  const rest = {
    version: 1 as const,
    connection: 'probe',
    protocol: 'postgres',
    direction: 'outbound' as const,
    destination: { host: '', port: 0 },
  };
  return { at, asked: decoded.map((one, i) => ({ ...rest, ...one, id: `probe.${i}` })) };
}

async function step(
  played: Played,
  gathered: Gathered,
  state: Run,
  exchange: Exchange,
  random: Random,
): Promise<void> {
  const { sql } = pgRequestSchema.parse(exchange.request);
  if (gathered.kinds[sql] === 'session') {
    const failed = pgResponseSchema.parse(exchange.response).error !== null;
    if (failed) await state.follow(exchange.connection, exchange.request, exchange.response!);
    else await state.session(exchange.connection, exchange.request);
    return;
  }
  const keep = random.below(2) === 0;
  const kept = await compare(played, gathered, state, exchange, exchange.id, keep);
  if (!kept) await state.follow(exchange.connection, exchange.request, exchange.response!);
}

/** True: the state has done it. */
async function compare(
  played: Played,
  { seed, kinds }: Gathered,
  state: Run,
  { connection, request, response }: Exchange,
  where: string,
  keep: boolean,
): Promise<boolean> {
  const { sql, params } = pgRequestSchema.parse(request);
  const tally = tallyOf(played, kinds[sql] ?? 'other');
  tally.calls++;
  const told = await state.ask(connection, request, { keep: false });
  if (!told.dared) {
    const shape = told.reason
      .replace(/ before [\d:.]+$/, '')
      .replace(/t\d(\([^)]*\))?/g, 'T')
      .replace(/\bc\d\b/g, 'C');
    played.reasons.set(shape, (played.reasons.get(shape) ?? 0) + 1);
    return false;
  }
  tally.dared++;
  if (told.fresh) tally.assumed++;
  const note = (ours: Answered): void => {
    played.wrong.push({
      seed,
      sql,
      params,
      where,
      real: brief(pgResponseSchema.parse(response)),
      ours: ours.dared ? brief(pgResponseSchema.parse(ours.response)) : ours,
      facts: ours.dared ? ours.assumptions : null,
    });
  };
  if (!isRight(told, response)) {
    note(told);
    return false;
  }
  if (!keep || told.fresh) return false;
  const again = await state.ask(connection, request);
  if (again.dared && isRight(again, response)) return true;
  note(again);
  return false;
}

function isRight(told: Answered & { dared: true }, response: unknown): boolean {
  const real = pgResponseSchema.parse(response);
  const ours = pgResponseSchema.parse(told.response);
  if (!told.fresh) return sameAnswer(ours, real, !told.anyOrder) && ours.transaction === real.transaction;
  // The id that comes next is a guess, and so is what comes of it.
  if (real.error?.code === '23505') return true;
  return (
    ours.tag === real.tag && ours.rows.length === real.rows.length && ours.error?.code === real.error?.code
  );
}

function brief({ rows, tag, error, transaction }: PgResponse): unknown {
  return { rows: rows.slice(0, 20), tag, error: error && `${error.code} ${error.message}`, transaction };
}

function tallyOf(played: Played, kind: string): Tally {
  let tally = played.byKind.get(kind);
  if (!tally) played.byKind.set(kind, (tally = { calls: 0, dared: 0, assumed: 0 }));
  return tally;
}
