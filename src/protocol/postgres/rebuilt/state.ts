import { canonicalJson } from '../../../lib/json.ts';
import { columnsOf, holds, implied, type Atom } from './atoms.ts';
import type { Key, PgSchema, Table } from './schema.ts';
import { canonicalOf, isExact, typedOf } from './values.ts';

/** Where something is known from. `exchange` is null for what the run itself did. */
export interface Source {
  exchange: string | null;
  at: number;
}

export interface Cell extends Source {
  value: string | null;
  /** It was put in rather than seen, and may be spelled otherwise when it is seen. */
  loose: boolean;
}

export interface Row extends Source {
  /** `no`: proved to be absent. */
  exists: 'yes' | 'no' | 'maybe';
  /** By attribute number; what is not in here is unknown. */
  cells: ReadonlyMap<number, Cell>;
}

/** All rows that fulfil the atoms are among those that have an entry. */
export interface Complete extends Source {
  atoms: readonly Atom[];
}

interface TableState {
  rows: Map<string, Row>;
  complete: Complete[];
  distrusted: string | null;
}

const MAX_COMPLETE = 5000;
const MAX_EXCLUDED = 50;

/** Conditions that a row is known not to fulfil, though not all of its cells are known. A row that changes is another object. */
const excluded = new WeakMap<Row, (readonly Atom[])[]>();

/** What is known of a database at one moment. Changes can be taken back to a mark. */
export class State {
  readonly schema: PgSchema;
  readonly #tables = new Map<number, TableState>();
  #journal: (() => void)[] = [];
  #byOid: ReadonlyMap<number, Table>;

  constructor(schema: PgSchema) {
    this.schema = schema;
    this.#byOid = new Map(schema.tables.map((table) => [table.oid, table]));
  }

  copy(): State {
    const copy = new State(this.schema);
    for (const [oid, { rows, complete, distrusted }] of this.#tables)
      copy.#tables.set(oid, { rows: new Map(rows), complete: [...complete], distrusted });
    return copy;
  }

  table(oid: number): Table | undefined {
    return this.#byOid.get(oid);
  }

  mark(): number {
    return this.#journal.length;
  }
  undo(mark: number): void {
    while (this.#journal.length > mark) this.#journal.pop()!();
  }
  /** To be done when what comes before it is taken back. */
  onUndo(work: () => void): void {
    this.#journal.push(work);
  }
  /** Nothing before this can be taken back. */
  settle(): void {
    this.#journal = [];
  }

  row(table: Table, key: string): Row | undefined {
    return this.#of(table).rows.get(key);
  }
  rows(table: Table): ReadonlyMap<string, Row> {
    return this.#of(table).rows;
  }
  complete(table: Table): readonly Complete[] {
    return this.#of(table).complete;
  }
  distrusted(table: Table): string | null {
    return this.#of(table).distrusted;
  }

  /** Undefined: nothing is known of it. */
  setRow(table: Table, key: string, row: Row | undefined): void {
    const { rows } = this.#of(table);
    const before = rows.get(key);
    if (row) rows.set(key, row);
    else rows.delete(key);
    this.#journal.push(() => (before ? rows.set(key, before) : rows.delete(key)));
  }

  addComplete(table: Table, complete: Complete): void {
    const text = canonicalJson(complete.atoms);
    this.#replace(table, [
      ...this.complete(table)
        .filter(({ atoms }) => canonicalJson(atoms) !== text)
        .slice(-MAX_COMPLETE),
      complete,
    ]);
  }
  keepComplete(table: Table, keep: (complete: Complete) => boolean): void {
    const kept = this.complete(table).filter(keep);
    if (kept.length < this.complete(table).length) this.#replace(table, kept);
  }

  /** Nothing is known of it from now on. */
  forget(table: Table): void {
    const state = this.#of(table);
    const before = state.rows;
    state.rows = new Map();
    this.#journal.push(() => (state.rows = before));
    this.#replace(table, []);
  }
  forgetAll(): void {
    for (const oid of this.#tables.keys()) this.forget(this.#byOid.get(oid)!);
  }
  /** Something contradicts what is known: somebody else writes it, or we misread something. For good. */
  distrust(table: Table, reason: string): void {
    this.#of(table).distrusted ??= reason;
  }

  #replace(table: Table, complete: Complete[]): void {
    const state = this.#of(table);
    const before = state.complete;
    state.complete = complete;
    this.#journal.push(() => (state.complete = before));
  }

  #of(table: Table): TableState {
    let state = this.#tables.get(table.oid);
    if (!state) this.#tables.set(table.oid, (state = { rows: new Map(), complete: [], distrusted: null }));
    return state;
  }

  /** A cell as values are compared; undefined where it is not known, or equal values may be spelled otherwise. */
  value(table: Table, row: Row, column: number): string | null | undefined {
    const cell = row.cells.get(column);
    if (cell === undefined || cell.value === null) return cell?.value;
    const found = table.columns.find(({ number }) => number === column);
    return found && canonicalOf(typedOf(this.schema, found), cell.value);
  }

  /** Whether a row fulfils all: undefined where that is not known. */
  fulfils(table: Table, row: Row, atoms: readonly Atom[]): boolean | undefined {
    let all: boolean | undefined = true;
    for (const atom of atoms) {
      const one = holds(this.schema, table, atom, (column) => this.value(table, row, column));
      if (one === false) return false;
      if (one === undefined) all = undefined;
    }
    const without = all === undefined ? excluded.get(row) : undefined;
    const isOut = without?.some((out) => out.every((atom) => implied(this.schema, table, atoms, atom)));
    // Our server has NULL in the place of what is not known: it leaves the row out only by a condition that NULL does not fulfil.
    return isOut && atoms.some((atom) => isStrict(atom) && !row.cells.has(atom.column)) ? false : all;
  }

  /** A row is not among those that fulfil these. */
  exclude(table: Table, id: string, atoms: readonly Atom[]): void {
    const row = this.row(table, id);
    if (!row) return;
    const known = excluded.get(row) ?? [];
    if (known.length < MAX_EXCLUDED) excluded.set(row, [...known, atoms]);
  }

  /** What proves that all rows which fulfil these have an entry. */
  proofOf(table: Table, atoms: readonly Atom[]): Complete | undefined {
    return this.complete(table).find((complete) =>
      complete.atoms.every((atom) => implied(this.schema, table, atoms, atom)),
    );
  }

  /**
   * A row was put in that we cannot name: what it may belong to is not complete any more, and any row that was not there may be
   * this one.
   */
  unnamedRow(table: Table, cells: ReadonlyMap<number, Cell>): void {
    const made: Row = { exists: 'yes', cells, exchange: null, at: 0 };
    this.keepComplete(table, ({ atoms }) => this.fulfils(table, made, atoms) === false);
    for (const [id, row] of this.rows(table)) {
      if (row.exists === 'yes' || this.#differ(table, row, made)) continue;
      this.setRow(table, id, row.exists === 'no' ? undefined : bareRow(this.schema, table, id, 'maybe', row));
    }
  }

  /** Whether two rows cannot be the same by what is known of their keys. */
  #differ(table: Table, a: Row, b: Row): boolean {
    return (rowKey(this.schema, table)?.columns ?? []).some((number) => {
      const [x, y] = [a, b].map((row) => this.value(table, row, number));
      return typeof x === 'string' && typeof y === 'string' && x !== y;
    });
  }

  forgetColumns(table: Table, columns: readonly number[], which: (row: Row) => boolean = () => true): void {
    for (const [key, row] of this.rows(table)) {
      const forgets = columns.some((column) => row.cells.has(column)) || excluded.has(row);
      if (!forgets || !which(row)) continue;
      const cells = new Map(row.cells);
      for (const column of columns) cells.delete(column);
      this.setRow(table, key, { ...row, cells });
    }
  }
  /** Rows that we cannot name may have got other values in these columns. */
  loosenComplete(table: Table, columns: readonly number[]): void {
    this.keepComplete(
      table,
      ({ atoms }) => !atoms.flatMap(columnsOf).some((column) => columns.includes(column)),
    );
  }
}

/** Not fulfilled by NULL. */
function isStrict(atom: Atom): atom is Exclude<Atom, { kind: 'never' | 'other' }> {
  return atom.kind === 'compare' || atom.kind === 'in' || (atom.kind === 'null' && !atom.is);
}

/** The columns by which rows of a table are told apart; undefined: they cannot be. */
export function rowKey(schema: PgSchema, table: Table): Key | undefined {
  return [...table.keys]
    .sort((a, b) => Number(b.primary) - Number(a.primary))
    .find(
      (key) =>
        !key.deferrable &&
        key.columns.every((number) => {
          const column = table.columns.find((one) => one.number === number);
          return column?.notNull === true && isExact(typedOf(schema, column));
        }),
    );
}

/** A row of which only its key is known. */
export function bareRow(
  schema: PgSchema,
  table: Table,
  id: string,
  exists: Row['exists'],
  { exchange, at }: Source,
): Row {
  const key = rowKey(schema, table)!;
  const values = JSON.parse(id) as string[];
  const cells = new Map<number, Cell>(
    key.columns.map((number, i) => [number, cell(values[i]!, { exchange, at })]),
  );
  return { exists, cells, exchange, at };
}

/** The name of a row; undefined where a part of its key is not known. */
export function keyOf(values: readonly (string | null | undefined)[]): string | undefined {
  return values.every((value) => typeof value === 'string') ? JSON.stringify(values) : undefined;
}

export function cell(value: string | null, source: Source, loose = false): Cell {
  return { value, loose, exchange: source.exchange, at: source.at };
}
