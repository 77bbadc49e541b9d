import { fullName, literal, quoted } from './ddl.ts';
import type { Server } from './server.ts';
import type { Sequence, Table } from './schema.ts';
import { cell, rowKey, type Cell, type Row, type Source, type State } from './state.ts';
import { canonicalOf, typedOf } from './values.ts';

const PART = 500;

/** Keeps the rows that our server has the same as those that are known to be there. */
export class Rows {
  readonly #server: Server;
  /** What our server has. */
  readonly #loaded = new Map<Table, Map<string, Row>>();
  /** Checks that rows with unknown cells do not fulfil: our server does without them. */
  readonly leftOut = new Set<string>();

  constructor(server: Server) {
    this.#server = server;
  }

  async clear(tables: readonly Table[]): Promise<void> {
    if (tables.length > 0)
      await this.#server.must(`TRUNCATE ${tables.map(fullName).join(', ')}, vouch.changes`);
    this.#loaded.clear();
  }

  /** Brings our server up to what is known. A table that it cannot hold is distrusted. */
  async sync(state: State, tables: readonly Table[]): Promise<void> {
    let apart = false;
    for (const table of tables) {
      const loaded = this.#of(table);
      const known = state.rows(table);
      const gone = [...loaded.keys()].filter((id) => known.get(id) !== loaded.get(id));
      const come = [...known].filter(([id, row]) => row.exists === 'yes' && loaded.get(id) !== row);
      if (gone.length + come.length === 0) continue;
      // Foreign keys and our own notes are not for this.
      if (!apart) await this.#server.must('SET session_replication_role = replica');
      apart = true;
      await this.#remove(state, table, gone);
      for (let at = 0; at < come.length; at += PART) await this.#put(state, table, come.slice(at, at + PART));
    }
    if (apart) await this.#server.must('SET session_replication_role = origin');
  }

  async #remove(state: State, table: Table, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (let at = 0; at < ids.length; at += PART)
      await this.#server.must(
        `DELETE FROM ${fullName(table)} WHERE ${this.#whereIds(state, table, ids.slice(at, at + PART))}`,
      );
    for (const id of ids) this.note(state, table, id, undefined);
  }

  async #put(state: State, table: Table, rows: readonly [string, Row][]): Promise<void> {
    const columns = table.columns.filter(({ generated }) => !generated);
    const sql = `INSERT INTO ${fullName(table)} (${columns.map(({ name }) => quoted(name)).join(', ')})
      SELECT ${columns.map(({ number, typeName }) => `c${number}::${typeName}`).join(', ')}
      FROM json_to_recordset($1::json) AS r(${columns.map(({ number }) => `c${number} text`).join(', ')})`;
    const values = rows.map(([, row]) =>
      Object.fromEntries(columns.map(({ number }) => [`c${number}`, row.cells.get(number)?.value ?? null])),
    );
    for (;;) {
      await this.#server.must('SAVEPOINT vouch_put');
      const { error } = await this.#server.run(sql, [JSON.stringify(values)]);
      if (!error) break;
      await this.#server.must('ROLLBACK TO SAVEPOINT vouch_put');
      const check = error.code === '23514' ? error.fields['n'] : undefined;
      if (check === undefined)
        return state.distrust(table, `${table.name}: what is known of its rows cannot be: ${error.message}`);
      await this.#server.must(`ALTER TABLE ${fullName(table)} DROP CONSTRAINT ${quoted(check)}`);
      this.leftOut.add(`${table.oid} ${check}`);
    }
    for (const [id, row] of rows) this.note(state, table, id, row);
  }

  /** Our server has this row now; undefined: none of this name. */
  note(state: State, table: Table, id: string, row: Row | undefined): void {
    const loaded = this.#of(table);
    const before = loaded.get(id);
    const set = (to: Row | undefined): unknown => (to ? loaded.set(id, to) : loaded.delete(id));
    set(row);
    state.onUndo(() => set(before));
  }

  /** What statements changed since the last time, by the server's own word. */
  async changes(
    state: State,
  ): Promise<{ table: Table; op: string; before: string | null; after: string | null }[]> {
    const { rows } = await this.#server.must(
      'WITH gone AS (DELETE FROM vouch.changes RETURNING *) SELECT oid, op, before, after FROM gone ORDER BY number',
    );
    return rows.map(([oid, op, before, after]) => {
      const table = state.table(Number(oid))!;
      return {
        table,
        op: op!,
        before: this.#id(state, table, before!),
        after: this.#id(state, table, after!),
      };
    });
  }

  #id(state: State, table: Table, text: string | null): string | null {
    if (text === null) return null;
    const key = rowKey(state.schema, table)!;
    const values = (JSON.parse(text) as string[]).map((value, i) => {
      const column = table.columns.find(({ number }) => number === key.columns[i])!;
      return canonicalOf(typedOf(state.schema, column), value) ?? value;
    });
    return JSON.stringify(values);
  }

  /** All cells of a row as our server has them; undefined: it has none. */
  async read(state: State, table: Table, id: string, source: Source): Promise<Map<number, Cell> | undefined> {
    const names = table.columns.map(({ name }) => quoted(name)).join(', ');
    const { rows } = await this.#server.must(
      `SELECT ${names} FROM ${fullName(table)} WHERE ${this.#whereIds(state, table, [id])}`,
    );
    const [values] = rows;
    return values && new Map(table.columns.map(({ number }, i) => [number, cell(values[i] ?? null, source)]));
  }

  #whereIds(state: State, table: Table, ids: readonly string[]): string {
    const columns = rowKey(state.schema, table)!.columns.map((number) =>
      table.columns.find((column) => column.number === number)!,
    );
    const one = (id: string): string =>
      `(${(JSON.parse(id) as string[]).map((value, i) => `${literal(value)}::${columns[i]!.typeName}`).join(', ')})`;
    return `(${columns.map(({ name }) => quoted(name)).join(', ')}) IN (${ids.map(one).join(', ')})`;
  }

  #of(table: Table): Map<string, Row> {
    let loaded = this.#loaded.get(table);
    if (!loaded) this.#loaded.set(table, (loaded = new Map()));
    return loaded;
  }
}

/** The value that a sequence gives next, as far as ids of its column are known. */
export function nextValue(state: State, sequence: Sequence): bigint {
  const table = sequence.owner && state.table(sequence.owner.table);
  const [start, by] = [BigInt(sequence.start), BigInt(sequence.increment)];
  if (!table) return start;
  let last: bigint | undefined;
  for (const [id, row] of state.rows(table)) {
    const cells = row.cells.get(sequence.owner!.column)?.value;
    const key = rowKey(state.schema, table)!;
    const value = cells ?? (JSON.parse(id) as string[])[key.columns.indexOf(sequence.owner!.column)];
    if (typeof value !== 'string' || !/^-?\d+$/.test(value)) continue;
    const number = BigInt(value);
    if (last === undefined || (by > 0n ? number > last : number < last)) last = number;
  }
  return last === undefined ? start : last + by;
}
