import { sql } from 'kysely';
import { VouchError } from '../lib/errors.ts';
import type { TraceRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { FaultCount, Trace } from './model.ts';

/** Characters kept of a prompt and of an answer. */
const MAX_TEXT = 2_000_000;

export async function saveTrace(store: Store, trace: Trace): Promise<void> {
  const { tokens, repairs, ...rest } = trace;
  await store.db
    .insertInto('traces')
    .values({
      ...rest,
      prompt: cut(trace.prompt),
      answer: cut(trace.answer),
      inputTokens: tokens?.input ?? null,
      cachedInputTokens: tokens?.cachedInput ?? null,
      outputTokens: tokens?.output ?? null,
      repairs: repairs === null ? null : JSON.stringify(repairs),
    })
    .execute();
}

/** Writes down what came of an answer, which is known later than the answer. Throws `not-found`. */
export async function setOutcome(
  store: Store,
  id: string,
  outcome: string,
  repairs?: Trace['repairs'],
): Promise<void> {
  const changed = await store.db
    .updateTable('traces')
    .set({ outcome, ...(repairs === undefined ? {} : { repairs: repairs && JSON.stringify(repairs) }) })
    .where('id', '=', id)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) throw new VouchError('not-found', `trace ${id}: there is none`);
}

/** Newest first, with what was said left out. */
export async function listTraces(
  store: Store,
  query: { run?: string; limit?: number } = {},
): Promise<Omit<Trace, 'prompt' | 'answer'>[]> {
  let rows = store.db
    .selectFrom('traces')
    .selectAll()
    .orderBy('startedAt', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit ?? 100);
  if (query.run !== undefined) rows = rows.where('run', '=', query.run);
  return (await rows.execute()).map((row) => {
    const { prompt: _prompt, answer: _answer, ...rest } = fromRow(row);
    return rest;
  });
}

/** Throws `not-found`. */
export async function getTrace(store: Store, id: string): Promise<Trace> {
  const row = await store.db.selectFrom('traces').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row)
    throw new VouchError('not-found', `trace ${id}: there is none`, { hint: 'vouch traces list lists them' });
  return fromRow(row);
}

/** How often each fault was made good in answers, the most frequent first; of one run or of all. */
export async function countFaults(store: Store, query: { run?: string } = {}): Promise<FaultCount[]> {
  const ofRun = query.run === undefined ? sql`` : sql`and traces.run = ${query.run}`;
  const found = await sql<FaultCount>`
    select each.key as fault, count(*) as calls, sum(each.value) as times,
      sum(coalesce(outcome like 'candidate:%', 0)) as candidates, sum(coalesce(outcome like 'refused:%', 0)) as refused
    from traces, json_each(traces.repairs) as each
    where traces.repairs is not null ${ofRun}
    group by each.key order by calls desc, times desc, fault`.execute(store.db);
  return found.rows;
}

function fromRow({ inputTokens, cachedInputTokens, outputTokens, repairs, ...row }: TraceRow): Trace {
  const tokens =
    inputTokens === null
      ? null
      : { input: inputTokens, cachedInput: cachedInputTokens ?? 0, output: outputTokens ?? 0 };
  return {
    ...row,
    tokens,
    repairs: repairs === null ? null : (JSON.parse(repairs) as Record<string, number>),
  };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (cut)`;
}
