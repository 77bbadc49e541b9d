import type { Atom } from './atoms.ts';
import { cover, rowName } from './cover.ts';
import { columnsRead } from './needs.ts';
import { NotDared, type Level, type Ref } from './scope.ts';
import type { Table } from './schema.ts';
import type { Row, Source, State } from './state.ts';

/** A fact that an answer stands on, for people and for the evidence. */
export interface Assumption extends Source {
  what: string;
}

export interface Resolved {
  /** The rows of each table that may matter. */
  rows: Map<Ref, Map<string, Row>>;
  /** Which columns of each are read. */
  columns: Map<Ref, Set<number>>;
  assumptions: Assumption[];
}

const MAX_VALUES = 1000;

/** Finds the rows that a statement may read, table after table, and that all that it reads of them is known. */
export function resolve(state: State, statement: unknown, levels: readonly Level[], when: string): Resolved {
  const refs = levels.flatMap((level) => level.refs).filter(({ table }) => table !== null);
  const columns = columnsRead(statement, refs);
  for (const { links } of levels)
    for (const { sides } of links) for (const { ref, column } of sides) columns.get(ref)?.add(column.number);
  const rows = new Map<Ref, Map<string, Row>>();
  const assumptions: Assumption[] = [];
  let open = refs;
  let reason = '';
  while (open.length > 0) {
    const left: Ref[] = [];
    for (const ref of open) {
      const table = ref.table!;
      if (table.oddToRead !== null) throw new NotDared(`${table.name}: ${table.oddToRead}`);
      if (!table.may.includes('SELECT')) throw new NotDared(`${table.name} is not for this user to read`);
      const found = cover(state, table, conditionsOf(state, levels, ref, rows));
      if ('reason' in found) {
        reason ||= found.reason;
        left.push(ref);
        continue;
      }
      checkCells(state, table, found.rows, columns.get(ref)!, when);
      rows.set(ref, found.rows);
      for (const source of found.sources)
        assumptions.push({ what: `rows of ${table.name}`, exchange: source.exchange, at: source.at });
      assumptions.push(...seenIn(state, table, found.rows, columns.get(ref)!));
    }
    if (left.length === open.length) throw new NotDared(`${reason} before ${when}`);
    open = left;
    reason = '';
  }
  return { rows, columns, assumptions };
}

/** What restricts a table's rows: its own conditions, and equality with columns whose values are known by now. */
function conditionsOf(
  state: State,
  levels: readonly Level[],
  ref: Ref,
  rows: ReadonlyMap<Ref, Map<string, Row>>,
): Atom[] {
  const atoms: Atom[] = [];
  for (const level of levels) {
    atoms.push(...(level.atoms.get(ref) ?? []));
    for (const { sides, restricts } of level.links) {
      if (!restricts.includes(ref)) continue;
      const [mine, other] = sides[0].ref === ref ? sides : [sides[1], sides[0]];
      const known = rows.get(other.ref);
      if (!known || other.column.type !== mine.column.type) continue;
      const values = [...known.values()].map((row) =>
        state.value(other.ref.table!, row, other.column.number),
      );
      if (values.includes(undefined)) continue;
      const there = [...new Set(values.filter((value) => value !== null && value !== undefined))];
      if (there.length > MAX_VALUES) continue;
      atoms.push(
        there.length === 0 ? { kind: 'never' } : { kind: 'in', column: mine.column.number, values: there },
      );
    }
  }
  return atoms;
}

function checkCells(
  state: State,
  table: Table,
  rows: ReadonlyMap<string, Row>,
  columns: ReadonlySet<number>,
  when: string,
): void {
  for (const [id, row] of rows)
    for (const number of columns)
      if (!row.cells.has(number)) {
        const name = table.columns.find((column) => column.number === number)?.name ?? '?';
        throw new NotDared(`${rowName(state, table, id)}.${name} was never seen before ${when}`);
      }
}

/** The rows with where their cells were seen, one line for each row and exchange. */
function seenIn(
  state: State,
  table: Table,
  rows: ReadonlyMap<string, Row>,
  columns: ReadonlySet<number>,
): Assumption[] {
  const found = new Map<string, Assumption>();
  for (const [id, row] of rows) {
    const sources: Source[] = [...columns].map((number) => row.cells.get(number)!);
    for (const { exchange, at } of sources.length > 0 ? sources : [row]) {
      const what = rowName(state, table, id);
      found.set(`${what} ${exchange}`, { what, exchange, at });
    }
  }
  return [...found.values()];
}
