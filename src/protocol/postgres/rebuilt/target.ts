import type { DeleteStmt, UpdateStmt } from 'libpg-query';
import type { PgRequest, PgResponse } from '../messages.ts';
import { atomsOf, type Asked, type Atom } from './atoms.ts';
import { valuesOf } from './cover.ts';
import { as, conjuncts, type Node } from './parse.ts';
import { idOf } from './lessons.ts';
import type { Table, TableColumn } from './schema.ts';
import { findColumn, type Level } from './scope.ts';
import { keyOf, rowKey, type State } from './state.ts';
import { seen } from './values.ts';

/** Which rows an UPDATE or DELETE is about. */
export interface Target {
  atoms: Atom[];
  /** The conditions say all; otherwise there are others. */
  whole: boolean;
  /** The one row that it can be about. */
  pinned: string | undefined;
  /** Rows that RETURNING showed, with all that it showed, or undefined where it showed none by name. */
  returned: Map<string, Map<number, string | null>> | undefined;
}

export function target(
  state: State,
  table: Table,
  change: UpdateStmt | DeleteStmt,
  { asked, response }: { asked: Asked; request: PgRequest; response: PgResponse | null },
): Target {
  const others = 'fromClause' in change ? change.fromClause : (change as DeleteStmt).usingClause;
  const level = levelOfTarget(table, change);
  const resolve = (node: Node | undefined): TableColumn | undefined => findColumn(level, node)?.column;
  const atoms: Atom[] = [];
  let whole = (others ?? []).length === 0;
  for (const node of conjuncts(change.whereClause)) {
    // Beside other tables, only a name with its table is plain.
    const found = (others ?? []).length > 0 ? undefined : atomsOf(state.schema, asked, resolve, node);
    if (found) atoms.push(...found);
    else whole = false;
  }
  const key = rowKey(state.schema, table);
  const values = key?.columns.map((column) => valuesOf(atoms, column)) ?? [];
  const one = values.map((list) => (list?.length === 1 ? list[0] : undefined));
  return { atoms, whole, pinned: key && keyOf(one), returned: returnedRows(state, table, response) };
}

function levelOfTarget(table: Table, change: UpdateStmt | DeleteStmt): Level {
  const name = change.relation?.alias?.aliasname ?? table.name;
  return { refs: [{ name, table, nullable: false }], outer: null, atoms: new Map(), links: [], unread: [] };
}

/** What RETURNING showed, by row; undefined where it did not show the key of each. */
export function returnedRows(
  state: State,
  table: Table,
  response: PgResponse | null,
): Map<string, Map<number, string | null>> | undefined {
  const key = rowKey(state.schema, table);
  if (!key || !response?.columns || response.rows.length === 0) return undefined;
  const rows = new Map<string, Map<number, string | null>>();
  for (const values of response.rows) {
    const cells = new Map<number, string | null>();
    for (const [index, column] of response.columns.entries()) {
      const value = seen(
        values[index] ?? null,
        state.schema.enums.find(({ oid }) => oid === column.type)?.labels,
      );
      if (column.table === table.oid && value !== undefined) cells.set(column.attribute, value);
    }
    const id = idOf(state.schema, table, key.columns, cells);
    if (id === undefined) return undefined;
    rows.set(id, cells);
  }
  return rows.size === response.rows.length ? rows : undefined;
}

/** The columns that SET names; undefined where that is not plain. */
export function columnsSet(table: Table, change: UpdateStmt): Map<number, Node> | undefined {
  const found = new Map<number, Node>();
  for (const node of change.targetList ?? []) {
    const item = as(node, 'ResTarget');
    const column = table.columns.find(({ name }) => name === item?.name);
    if (!column || !item?.val || item.indirection) return undefined;
    found.set(column.number, item.val);
  }
  return found;
}
