import type { PgError, PgRequest } from '../messages.ts';
import { pgError } from '../semantics.ts';
import type { Asked } from './atoms.ts';
import { dare } from './dare.ts';
import type { Plan } from './dare-plan.ts';
import { literal, fullName } from './ddl.ts';
import type { Node } from './parse.ts';
import { UNDETERMINED } from './order.ts';
import { nextValue, type Rows } from './rows.ts';
import type { Table } from './schema.ts';
import type { Reply, Server } from './server.ts';
import type { Cell, Source, State } from './state.ts';

export interface Parts {
  state: State;
  server: Server;
  rows: Rows;
  tables: readonly Table[];
}

export interface Attempt {
  plan: Plan;
  reply: Reply;
}

/** Errors that follow from a statement and its rows, and so are the real server's too. */
const OWN_ERRORS = /^(21|22|23|42)/;

/**
 * Runs a statement on our server inside of a savepoint or a transaction of the caller's, which takes it back where it is not dared
 * after all: the reason is then returned.
 */
export async function attempt(
  parts: Parts,
  asked: Asked,
  node: Node | null,
  request: PgRequest,
  types: readonly number[],
  source: Source,
  when: string,
): Promise<Attempt | string> {
  const { state, server, rows } = parts;
  const dared = dare(state, asked, node, when);
  if (!dared.dared) return dared.reason;
  const { plan } = dared;
  await rows.sync(state, parts.tables);
  for (const table of plan.tables) {
    const distrusted = state.distrusted(table);
    if (distrusted !== null) return distrusted;
  }
  for (const table of plan.written) {
    if (table.checks.some(({ name }) => rows.leftOut.has(`${table.oid} ${name}`)))
      return `a CHECK of ${table.name} reads what is not known`;
    await moveSequences(parts, table);
  }
  const params = request.params.map((param) =>
    param === null || typeof param === 'string' ? param : undefined,
  );
  if (params.includes(undefined)) return 'a parameter is in a form that is not known';
  await server.must('SAVEPOINT vouch_run');
  // What a row points to is looked at after its NULLs.
  if (plan.nullIn) await server.must('SET LOCAL session_replication_role = replica');
  const reply = await server.run(request.sql, params as (string | null)[], types);
  if (plan.nullIn && (!reply.error || reply.error.code.startsWith('23'))) {
    await server.must('ROLLBACK TO SAVEPOINT vouch_run');
    return { plan, reply: { ...reply, columns: null, rows: [], tag: null, error: nullError(plan.nullIn) } };
  }
  if (reply.error) {
    await server.must('ROLLBACK TO SAVEPOINT vouch_run');
    return errorOddity(state, plan, reply) ?? { plan, reply };
  }
  await server.must('RELEASE SAVEPOINT vouch_run');
  if (plan.cutAt !== undefined && reply.rows.length >= plan.cutAt) return UNDETERMINED;
  const why = await takeChanges(parts, plan, source);
  return why ?? { plan, reply };
}

async function moveSequences({ state, server }: Parts, table: Table): Promise<void> {
  for (const sequence of state.schema.sequences)
    if (sequence.owner?.table === table.oid)
      await server.must(
        `SELECT setval(${literal(fullName(sequence))}::regclass, ${nextValue(state, sequence)}, false)`,
      );
}

/** Without the row that failed, which has ids of our own. */
function nullError({ table, column }: NonNullable<Plan['nullIn']>): PgError {
  const error = pgError(
    '23502',
    `null value in column "${column.name}" of relation "${table.name}" violates not-null constraint`,
  );
  Object.assign(error.fields, { s: table.schema, t: table.name, c: column.name });
  return error;
}

function errorOddity(state: State, plan: Plan, { error }: Reply): string | null {
  const code = error!.code;
  if (!OWN_ERRORS.test(code)) return `our server refuses it: ${error!.message}`;
  if (plan.guesses && code === '23505') return 'our own id is taken';
  if (plan.partial && (code === '23514' || code === '23502'))
    return 'the row in its error is not known whole';
  // NULL in a column that may not have it would have come first.
  const nullable = [...plan.set].some(([table, columns]) =>
    table.columns.some(({ number, notNull }) => notNull && columns.has(number)),
  );
  if (nullable && code.startsWith('23'))
    return 'whether it would have put NULL where none may be is not known';
  // Rows that our server was given in this transaction are checked whole, though nothing changes what they point to.
  const foreign =
    code === '23503' &&
    [...plan.set].flatMap(([table, columns]) =>
      table.foreign.filter((one) => !one.columns.some((number) => columns.has(number))),
    );
  if (foreign && foreign.some(({ name }) => name === error!.fields['n']))
    return 'what it points to is not known to our server';
  if (code === '23001' && Number.parseInt(state.schema.server) < 18) asBefore18(error!);
  return null;
}

/** Before PostgreSQL 18, RESTRICT had no words and no code of its own. */
function asBefore18(error: PgError): void {
  const old = (text: string): string =>
    text
      .replace('violates RESTRICT setting of foreign key', 'violates foreign key')
      .replace(' is referenced from ', ' is still referenced from ');
  error.code = '23503';
  error.message = old(error.message);
  error.fields = {
    ...error.fields,
    C: '23503',
    M: error.message,
    ...(error.fields['D'] === undefined ? {} : { D: old(error.fields['D']) }),
  };
}

/** What the statement did to rows becomes known. A reason where it did what it should not have. */
async function takeChanges(parts: Parts, plan: Plan, source: Source): Promise<string | null> {
  const { state, rows } = parts;
  if (plan.kind === 'read') return null;
  for (const { table, op, before, after } of await rows.changes(state)) {
    if (!plan.written.has(table)) return `it changed ${table.name} too`;
    if (op === 'DELETE') {
      state.setRow(table, before!, { exists: 'no', cells: new Map(), ...source });
      rows.note(state, table, before!, undefined);
      continue;
    }
    const now = await rows.read(state, table, after!, source);
    if (!now || (op === 'UPDATE' && before !== after)) return 'a row got another key';
    const set =
      op === 'INSERT' ? table.columns.map(({ number }) => number) : [...(plan.set.get(table) ?? [])];
    const isNull = table.columns.find(
      ({ number, notNull }) => notNull && set.includes(number) && now.get(number)!.value === null,
    );
    if (isNull)
      return `${table.name}.${isNull.name} may not be NULL, and what the server says then is not looked into`;
    const cells = new Map<number, Cell>(op === 'INSERT' ? [] : state.row(table, after!)?.cells);
    for (const number of set) cells.set(number, now.get(number)!);
    const row = { exists: 'yes' as const, cells, ...source };
    state.setRow(table, after!, row);
    rows.note(state, table, after!, row);
  }
  return null;
}
