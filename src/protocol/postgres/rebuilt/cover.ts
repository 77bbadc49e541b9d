import type { Atom } from './atoms.ts';
import type { Key, Table } from './schema.ts';
import { rowKey, keyOf, type Row, type Source, type State } from './state.ts';

/** The rows that may fulfil conditions, all of them known by name; or what would have to be known. */
export type Cover = { rows: Map<string, Row>; sources: Source[] } | { reason: string };

const MAX_COMBINATIONS = 1000;

/** `where`: conditions of which all must hold. */
export function cover(state: State, table: Table, where: readonly Atom[]): Cover {
  const distrusted = state.distrusted(table);
  if (distrusted !== null) return { reason: distrusted };
  if (where.some(({ kind }) => kind === 'never')) return { rows: new Map(), sources: [] };
  let reason: string | undefined;
  for (const key of table.keys) {
    if (key.deferrable) continue;
    const pinned = byKey(state, table, key, where);
    if (pinned === undefined) continue;
    if (!('reason' in pinned)) return pinned;
    reason ??= pinned.reason;
  }
  return (
    byProof(state, table, where) ?? {
      reason: reason ?? `which rows of ${table.name} there are${whereText(table, where)} was never seen`,
    }
  );
}

/** At most one row each for every combination of values of a unique key. */
function byKey(state: State, table: Table, key: Key, where: readonly Atom[]): Cover | undefined {
  const lists: string[][] = [];
  for (const column of key.columns) {
    const values = valuesOf(where, column);
    if (values === undefined) return undefined;
    lists.push(values);
  }
  if (lists.reduce((count, list) => count * list.length, 1) > MAX_COMBINATIONS) return undefined;
  const rows = new Map<string, Row>();
  const sources: Source[] = [];
  const others = where.filter(
    (atom) => !('column' in atom && key.columns.includes(atom.column) && atom.kind !== 'null'),
  );
  for (const values of combinations(lists)) {
    const pin = values.map((value, i): Atom => ({
      kind: 'compare',
      column: key.columns[i]!,
      op: '=',
      value,
    }));
    const found = findRow(state, table, key, values, pin);
    const name = `${table.name}(${nameOf(table, key, values)})`;
    if (found === undefined) {
      const proof = byProof(state, table, [...pin, ...others]);
      if (proof === undefined) return { reason: `${name} was never seen` };
      if ('reason' in proof) return proof;
      for (const [id, row] of proof.rows) rows.set(id, row);
      sources.push(...proof.sources);
      continue;
    }
    const [id, row] = found;
    if (row.exists === 'maybe') return { reason: `whether ${name} is there is not known` };
    sources.push(row);
    if (row.exists === 'yes' && state.fulfils(table, row, where) !== false) rows.set(id, row);
  }
  return { rows, sources };
}

/** The row with this key, there or proved not to be; undefined: none is known. */
function findRow(
  state: State,
  table: Table,
  key: Key,
  values: readonly string[],
  pin: readonly Atom[],
): [string, Row] | undefined {
  if (key === rowKey(state.schema, table)) {
    const id = keyOf(values)!;
    const row = state.row(table, id);
    return row && [id, row];
  }
  for (const [id, row] of state.rows(table))
    if (row.exists === 'yes' && state.fulfils(table, row, pin) === true) return [id, row];
  return undefined;
}

function byProof(state: State, table: Table, where: readonly Atom[]): Cover | undefined {
  const proof = state.proofOf(table, where);
  if (proof === undefined) return byParts(state, table, where);
  const rows = new Map<string, Row>();
  for (const [id, row] of state.rows(table)) {
    if (row.exists === 'no' || state.fulfils(table, row, where) === false) continue;
    if (row.exists === 'maybe')
      return { reason: `whether ${rowName(state, table, id)} is there is not known` };
    rows.set(id, row);
  }
  return { rows, sources: [proof] };
}

/** `x IN (…)`: each value by itself. */
function byParts(state: State, table: Table, where: readonly Atom[]): Cover | undefined {
  const list = where.find((atom) => atom.kind === 'in');
  if (list?.kind !== 'in' || list.values.length > MAX_COMBINATIONS) return undefined;
  const rest = where.filter((atom) => atom !== list);
  const rows = new Map<string, Row>();
  const sources: Source[] = [];
  for (const value of list.values) {
    const part = byProof(state, table, [...rest, { kind: 'compare', column: list.column, op: '=', value }]);
    if (part === undefined || 'reason' in part) return part;
    for (const [id, row] of part.rows) rows.set(id, row);
    sources.push(...part.sources);
  }
  return { rows, sources };
}

/** The values that a column must have one of; undefined where it may have any. */
export function valuesOf(where: readonly Atom[], column: number): string[] | undefined {
  for (const atom of where) {
    if (!('column' in atom) || atom.column !== column) continue;
    if (atom.kind === 'in') return atom.values;
    if (atom.kind === 'compare' && atom.op === '=') return [atom.value];
  }
  return undefined;
}

function* combinations(lists: readonly string[][]): Generator<string[]> {
  const [first, ...rest] = lists;
  if (first === undefined) yield [];
  else for (const value of first) for (const others of combinations(rest)) yield [value, ...others];
}

function nameOf(table: Table, key: Key, values: readonly string[]): string {
  const name = (number: number): string =>
    table.columns.find((column) => column.number === number)?.name ?? '?';
  return key.columns.map((number, i) => `${name(number)}=${values[i]!.slice(0, 60)}`).join(', ');
}

/** A row for people: `accounts(id=7)`. */
export function rowName(state: State, table: Table, id: string): string {
  const key = rowKey(state.schema, table);
  return key ? `${table.name}(${nameOf(table, key, JSON.parse(id) as string[])})` : table.name;
}

function whereText(table: Table, where: readonly Atom[]): string {
  const columns = new Set(where.flatMap((atom) => ('column' in atom ? [atom.column] : [])));
  if (columns.size === 0) return '';
  const names = [...columns].map(
    (number) => table.columns.find((column) => column.number === number)?.name ?? '?',
  );
  return ` by ${names.join(', ')}`;
}
