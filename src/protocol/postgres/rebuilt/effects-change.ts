import type { UpdateStmt } from 'libpg-query';
import { constantOf } from './atoms.ts';
import { assigned } from './effects-insert.ts';
import { as, texts, type Node } from './parse.ts';
import type { ForeignKey, Table, TableColumn } from './schema.ts';
import { bareRow, cell, rowKey, type Row, type State } from './state.ts';
import { columnsSet, type Target } from './target.ts';
import { canonicalOf, type Stored } from './values.ts';
import { countOf, type Write } from './write.ts';

/** Which rows a change was about, by what is known of them before it. */
interface Affected {
  /** Surely changed. */
  sure: Set<string>;
  /** Perhaps changed. */
  perhaps: Set<string>;
  /** Rows that we cannot name may be among them. */
  others: boolean;
}

function affectedBy(state: State, table: Table, found: Target, write: Write, certain: boolean): Affected {
  const count = countOf(write.response);
  const none = { sure: new Set<string>(), perhaps: new Set<string>(), others: false };
  if (certain && count === 0) return none;
  if (certain && found.returned && found.returned.size === count)
    return { ...none, sure: new Set(found.returned.keys()) };
  if (found.pinned !== undefined) {
    const one = new Set([found.pinned]);
    return certain && count === 1 ? { ...none, sure: one } : { ...none, perhaps: one };
  }
  for (const [id, row] of state.rows(table)) {
    const fulfils = row.exists === 'no' ? false : state.fulfils(table, row, found.atoms);
    if (fulfils === true && row.exists === 'yes' && found.whole && certain) none.sure.add(id);
    else if (fulfils !== false) none.perhaps.add(id);
  }
  if (certain && none.sure.size === count) return { ...none, perhaps: new Set() };
  return { ...none, others: state.proofOf(table, found.atoms) === undefined };
}

/** Takes over an UPDATE. */
export function afterUpdate(
  state: State,
  table: Table,
  update: UpdateStmt,
  write: Write,
  found: Target,
  certain: boolean,
): void {
  const set = columnsSet(table, update);
  if (!set) return state.forget(table);
  const generated = table.columns.filter((column) => column.generated).map(({ number }) => number);
  const columns = [...set.keys(), ...generated];
  const { sure, perhaps, others } = affectedBy(state, table, found, write, certain);
  if (sure.size + perhaps.size === 0 && !others) return;
  const key = rowKey(state.schema, table);
  if (!key || key.columns.some((number) => set.has(number))) {
    // Rows get other names.
    state.forget(table);
  } else {
    for (const id of sure) {
      const before: Row = state.row(table, id) ?? bareRow(state.schema, table, id, 'yes', write.source);
      if (before.exists === 'no')
        return state.distrust(table, `${table.name}: a row was changed that was not there`);
      const cells = new Map(before.cells);
      for (const column of columns) cells.delete(column);
      for (const [number, node] of set) {
        const value = valueSet(state, table, before, number, node, write);
        if (value) cells.set(number, cell(value.value, write.source, value.loose));
      }
      for (const [number, value] of found.returned?.get(id) ?? [])
        cells.set(number, cell(value, write.source));
      state.setRow(table, id, { ...before, exists: 'yes', cells });
    }
    for (const id of perhaps) {
      const before: Row = state.row(table, id) ?? {
        ...bareRow(state.schema, table, id, 'yes', write.source),
        exists: 'maybe',
      };
      const cells = new Map(before.cells);
      for (const column of columns) cells.delete(column);
      state.setRow(table, id, { ...before, cells });
    }
    if (others) state.loosenComplete(table, columns);
  }
  for (const { child, foreign } of childrenOf(state, table))
    if ('csd'.includes(foreign.onUpdate) && foreign.references.some((number) => set.has(number)))
      loosen(state, child, foreign);
}

/** What SET gives a column: a constant, or a whole number plus or minus another. */
function valueSet(
  state: State,
  table: Table,
  row: Row,
  number: number,
  node: Node,
  write: Write,
): Stored | undefined {
  const column = table.columns.find((one) => one.number === number)!;
  const constant = assigned(state, column, write.asked, node);
  if (constant || write.node === null || as(write.node, 'UpdateStmt')?.fromClause) return constant;
  const expression = as(node, 'A_Expr');
  const [operator] = texts(expression?.name);
  if (expression?.kind !== 'AEXPR_OP' || (operator !== '+' && operator !== '-')) return undefined;
  const base = table.columns.find(
    ({ name }) => name === texts(as(expression.lexpr, 'ColumnRef')?.fields).at(-1),
  );
  const step = constantOf(state.schema, write.asked, expression.rexpr);
  const value = base && state.value(table, row, base.number);
  if (!base || typeof value !== 'string' || !step?.text || ![base, column].every(isInteger)) return undefined;
  const by = [0, 20, 21, 23].includes(step.type)
    ? canonicalOf({ type: 20, modifier: -1 }, step.text)
    : undefined;
  if (by === undefined) return undefined;
  return {
    value: String(operator === '+' ? BigInt(value) + BigInt(by) : BigInt(value) - BigInt(by)),
    loose: false,
  };
}

function isInteger({ type }: TableColumn): boolean {
  return [20, 21, 23].includes(type);
}

/** Takes over a DELETE. */
export function afterDelete(state: State, table: Table, write: Write, found: Target, certain: boolean): void {
  const { sure, perhaps, others } = affectedBy(state, table, found, write, certain);
  if (sure.size + perhaps.size === 0 && !others) return;
  const gone = [...sure].map((id) => state.row(table, id));
  for (const id of sure) state.setRow(table, id, { exists: 'no', cells: new Map(), ...write.source });
  for (const id of perhaps) {
    const row = state.row(table, id) ?? bareRow(state.schema, table, id, 'yes', write.source);
    if (row.exists !== 'no') state.setRow(table, id, { ...row, exists: 'maybe' });
  }
  const exact = perhaps.size === 0 && !others ? gone : undefined;
  for (const { child, foreign } of childrenOf(state, table))
    follow(state, child, foreign, table, exact, write, new Set());
}

function childrenOf(state: State, table: Table): { child: Table; foreign: ForeignKey }[] {
  return state.schema.tables.flatMap((child) =>
    child.foreign.filter((foreign) => foreign.table === table.oid).map((foreign) => ({ child, foreign })),
  );
}

/** What a foreign key does to the rows that point to deleted ones. `gone` undefined: any may be. */
function follow(
  state: State,
  child: Table,
  foreign: ForeignKey,
  parent: Table,
  gone: (Row | undefined)[] | undefined,
  write: Write,
  seen: Set<ForeignKey>,
): void {
  if (!'csd'.includes(foreign.onDelete) || seen.has(foreign)) return;
  seen.add(foreign);
  if (foreign.onDelete !== 'c') return loosen(state, child, foreign);
  for (const [id, row] of state.rows(child)) {
    if (row.exists === 'no') continue;
    const points = gone ? gone.map((one) => pointsTo(state, child, row, foreign, parent, one)) : [undefined];
    if (points.includes(true)) state.setRow(child, id, { exists: 'no', cells: new Map(), ...write.source });
    else if (points.includes(undefined)) state.setRow(child, id, { ...row, exists: 'maybe' });
  }
  for (const next of childrenOf(state, child))
    follow(state, next.child, next.foreign, child, undefined, write, seen);
}

function pointsTo(
  state: State,
  child: Table,
  row: Row,
  foreign: ForeignKey,
  parent: Table,
  gone: Row | undefined,
): boolean | undefined {
  let all: boolean | undefined = true;
  for (const [i, number] of foreign.columns.entries()) {
    const mine = state.value(child, row, number);
    const theirs = gone && state.value(parent, gone, foreign.references[i]!);
    if (mine === null) return false;
    if (mine === undefined || typeof theirs !== 'string') all = undefined;
    else if (mine !== theirs) return false;
  }
  return all;
}

/** The columns of a foreign key may have changed in any row. */
function loosen(state: State, child: Table, foreign: ForeignKey): void {
  state.forgetColumns(child, foreign.columns);
  state.loosenComplete(child, foreign.columns);
}
