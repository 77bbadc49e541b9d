import type { Exchange } from '../../port.ts';
import { pgRequestSchema, pgResponseSchema, type PgRequest, type PgResponse } from '../messages.ts';
import { mayWrite } from './effects.ts';
import { statementOf, type Node } from './parse.ts';
import { foundNothing } from './shown.ts';
import { settingsAfter, stepOf, type Settings } from './session.ts';
import type { State } from './state.ts';
import type { Write } from './write.ts';

/** One recorded statement, when it took effect for others, and what is known of that. */
export interface Item extends Write {
  connection: string;
  kind: 'read' | 'write';
  /** It ran within these. */
  from: number;
  to: number;
  /** What it wrote was seen by others from some moment between these on: for a transaction those of its COMMIT. */
  visibleFrom: number;
  visibleTo: number;
  /** It is known that it took effect. */
  certain: boolean;
  /** A read that saw what others see, and so shows it. */
  shows: boolean;
}

interface Connection {
  settings: Settings;
  start: Settings;
  /** Statements that wrote in the transaction under way, with savepoints between them; null: none is under way. */
  open: { items: Item[]; marks: { name: string; at: number }[]; plain: boolean; failed: boolean } | null;
}

/** The statements of one database in the order in which they took effect. Those that changed nothing are left out. */
export function timelineOf(state: State, exchanges: readonly Exchange[], start: Settings): Item[] {
  const items: Item[] = [];
  const byConnection = Map.groupBy(exchanges, ({ connection }) => connection);
  for (const [name, list] of byConnection) items.push(...connectionItems(state, name, list, start));
  // What takes effect at the same moment stays in its connection's order.
  return items.sort((a, b) => a.visibleTo - b.visibleTo || a.from - b.from);
}

function connectionItems(
  state: State,
  name: string,
  exchanges: readonly Exchange[],
  start: Settings,
): Item[] {
  const connection: Connection = { settings: start, start, open: null };
  const items: Item[] = [];
  const ordered = [...exchanges].sort((a, b) => a.startedAt - b.startedAt || numberOf(a) - numberOf(b));
  for (const group of groups(ordered)) {
    // Statements that were sent together are undone together; which were is not told.
    const fails =
      group.length > 1 &&
      group.some((one) => pgResponseSchema.nullable().parse(one.response)?.error !== null || !one.complete);
    const end = Math.max(...group.map((one) => one.endedAt ?? Infinity));
    const first = items.length;
    for (const exchange of group) take(state, connection, name, exchange, { fails, end }, items);
    // Their writes count from the end of all of them, which is too late for reads between them.
    if (items.slice(first).some(({ kind }) => kind === 'write') && group.length > 1)
      for (const item of items.slice(first)) item.shows = false;
    settle(connection, group.at(-1)!, end, items);
  }
  // Nobody knows how what is still under way ended, but for what has failed: without a savepoint it can only be undone.
  const { open } = connection;
  const lost = open !== null && open.failed && open.marks.length === 0;
  for (const item of lost ? [] : (open?.items ?? []))
    items.push({ ...item, visibleTo: Infinity, certain: false });
  return items;
}

function numberOf({ id }: Exchange): number {
  return Number(id.slice(id.lastIndexOf('.') + 1)) || 0;
}

/** Statements that were sent before the answer to the one before had come. */
function groups(ordered: readonly Exchange[]): Exchange[][] {
  const found: Exchange[][] = [];
  let end = -Infinity;
  for (const exchange of ordered) {
    if (found.length > 0 && exchange.startedAt < end) found.at(-1)!.push(exchange);
    else found.push([exchange]);
    end = Math.max(end, exchange.endedAt ?? Infinity);
  }
  return found;
}

function take(
  state: State,
  connection: Connection,
  name: string,
  exchange: Exchange,
  group: { fails: boolean; end: number },
  items: Item[],
): void {
  const request: PgRequest = pgRequestSchema.parse(exchange.request);
  if (request.describeOnly) return;
  const response: PgResponse | null = exchange.complete
    ? pgResponseSchema.nullable().parse(exchange.response)
    : null;
  const node = statementOf(request.sql);
  if (node && session(connection, node, response, exchange, items)) return;
  const failed = response !== null && response.error !== null;
  if (failed && connection.open) connection.open.failed = true;
  // A failed statement changed nothing, whatever it was.
  if (failed) return;
  const odd = connection.settings.odd !== null || connection.open?.plain === false;
  const statement: Write = {
    sql: request.sql,
    node: connection.settings.odd === null ? node : null,
    asked: { params: request.params, types: request.paramTypes, settings: connection.settings.timeZone },
    request,
    response,
    source: { exchange: exchange.id, at: exchange.endedAt ?? exchange.startedAt },
  };
  const writes = mayWrite(state, request.sql, node) && !foundNothing(state, statement);
  const item: Item = {
    ...statement,
    node: writes ? statement.node : node,
    connection: name,
    kind: writes ? 'write' : 'read',
    from: exchange.startedAt,
    to: exchange.endedAt ?? Infinity,
    visibleFrom: exchange.startedAt,
    visibleTo: exchange.endedAt ?? Infinity,
    certain: response !== null && !odd && !group.fails,
    shows: response !== null && !odd && !group.fails && (connection.open?.items.length ?? 0) === 0,
  };
  if (writes && connection.open) connection.open.items.push(item);
  else items.push(writes ? { ...item, visibleTo: Math.max(item.visibleTo, group.end) } : item);
}

/** BEGIN, SET and their like. True: the statement was one of them. */
function session(
  connection: Connection,
  node: Node,
  response: PgResponse | null,
  exchange: Exchange,
  items: Item[],
): boolean {
  const done = response !== null && response.error === null;
  const settings = settingsAfter(connection.settings, connection.start, node);
  if (settings) {
    if (done) connection.settings = settings;
    else if (response === null)
      connection.settings = { ...connection.settings, odd: 'it was not seen whether a SET took effect' };
    // What SET did in a transaction that is undone is undone too.
    if (done && connection.open && settings.timeZone !== connection.start.timeZone)
      connection.settings = {
        ...settings,
        odd: settings.odd ?? 'the time zone was set within a transaction',
      };
    return true;
  }
  const transaction = stepOf(node);
  if (!transaction) return false;
  const { open } = connection;
  switch (transaction.step) {
    case 'begin':
      if (done) connection.open ??= { items: [], marks: [], plain: transaction.plain, failed: false };
      break;
    case 'commit':
    case 'rollback': {
      const kept = response?.tag === 'COMMIT';
      const visible = { visibleFrom: exchange.startedAt, visibleTo: exchange.endedAt ?? Infinity };
      if (kept || response === null)
        for (const item of open?.items ?? [])
          items.push({ ...item, ...visible, certain: item.certain && kept });
      connection.open = null;
      break;
    }
    case 'savepoint':
      open?.marks.push({ name: transaction.name, at: open.items.length });
      break;
    case 'rollback-to': {
      const mark = open?.marks.findLast(({ name }) => name === transaction.name);
      if (!open) break;
      if (done && mark) {
        open.items.length = mark.at;
        open.marks.length = open.marks.lastIndexOf(mark) + 1;
        open.failed = false;
      } else for (const item of open.items) item.certain = false;
      break;
    }
    case 'release': {
      const at = open?.marks.findLastIndex(({ name }) => name === transaction.name) ?? -1;
      if (open && at >= 0) open.marks.length = at;
      break;
    }
    case 'odd':
      if (open) for (const item of open.items) item.certain = false;
      break;
    default:
      transaction.step satisfies never;
  }
  return true;
}

/** After an answer, the server says whether a transaction is under way. Where that is not what we think, we missed something. */
function settle(connection: Connection, last: Exchange, end: number, items: Item[]): void {
  const status = pgResponseSchema.nullable().parse(last.response)?.transaction ?? null;
  if (status === null) return;
  if (status === 'I' && connection.open) {
    for (const item of connection.open.items) items.push({ ...item, visibleTo: end, certain: false });
    connection.open = null;
  } else if (status !== 'I' && !connection.open) {
    // It began before the recording did, or by another way: what it read and wrote is not plain.
    connection.open = { items: [], marks: [], plain: false, failed: status === 'E' };
  }
}
