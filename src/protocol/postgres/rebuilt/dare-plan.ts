import type { Assumption } from './resolve.ts';
import type { Table, TableColumn } from './schema.ts';

/** What it takes to answer a statement on what is known. */
export interface Plan {
  kind: 'read' | 'write';
  /** Tables that it reads or writes. */
  tables: Set<Table>;
  /** Those that it writes. */
  written: Set<Table>;
  assumptions: Assumption[];
  /** The order of the rows follows from the statement. */
  ordered: boolean;
  /** With so many rows or more, a LIMIT has cut them, and which is not determined. */
  cutAt?: number;
  /** Columns that a write gives values; those of its rows are known afterwards. Empty for a row put in: all are. */
  set: Map<Table, Set<number>>;
  /** Its answer holds ids or moments of our server's own, which are not those that the real one would have given. */
  fresh: boolean;
  /** It may run into a unique key with a value that nobody knows, and then that tells nothing. */
  guesses: boolean;
  /** Some row that it changes is not known whole, so that an error that shows the row would not be right. */
  partial: boolean;
  /** The column of the new row that may not be NULL and would be: it fails on that, unless a value of it cannot be made at all. */
  nullIn?: { table: Table; column: TableColumn };
}
