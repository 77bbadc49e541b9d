import type { DeleteStmt } from 'libpg-query';
import type { Asked, Atom } from './atoms.ts';
import { cover } from './cover.ts';
import type { Plan } from './dare-plan.ts';
import { changeOf, writtenTable } from './dare-change.ts';
import type { Assumption } from './resolve.ts';
import { asksTime } from './safe.ts';
import { NotDared } from './scope.ts';
import type { Table } from './schema.ts';
import type { Row, State } from './state.ts';

export function dareDelete(state: State, asked: Asked, remove: DeleteStmt, when: string): Plan {
  if (remove.withClause || remove.usingClause)
    throw new NotDared('DELETE with other tables is not looked into');
  if (asksTime(remove)) throw new NotDared('its answer depends on the time');
  const table = writtenTable(state, remove.relation, 'DELETE', true);
  const change = changeOf(state, asked, table, remove, when, new Set());
  const written = new Set([table]);
  const assumptions: Assumption[] = [...change.resolved.assumptions];
  checkChildren(state, table, change.rows, when, written, assumptions);
  return {
    kind: 'write',
    tables: new Set([...change.refs.flatMap((ref) => ref.table ?? []), ...written]),
    written,
    assumptions,
    ordered: change.rows.size <= 1,
    set: new Map(),
    fresh: false,
    guesses: false,
    partial: true,
  };
}

/** Every row that points to a deleted one must be known: it forbids that, or goes with it. */
function checkChildren(
  state: State,
  table: Table,
  rows: ReadonlyMap<string, Row>,
  when: string,
  written: Set<Table>,
  assumptions: Assumption[],
): void {
  if (rows.size === 0) return;
  for (const child of state.schema.tables) {
    for (const foreign of child.foreign) {
      if (foreign.table !== table.oid) continue;
      if (foreign.deferrable) throw new NotDared(`${foreign.name} is checked later`);
      const found = new Map<string, Row>();
      for (const row of rows.values()) {
        const values = foreign.references.map((number) => state.value(table, row, number));
        if (values.includes(undefined))
          throw new NotDared(`what ${foreign.name} of ${child.name} points to is not known`);
        if (values.includes(null)) continue;
        const atoms = foreign.columns.map((column, i): Atom => ({
          kind: 'compare',
          column,
          op: '=',
          value: values[i]!,
        }));
        const covered = cover(state, child, atoms);
        if ('reason' in covered) throw new NotDared(`${covered.reason} before ${when}`);
        for (const [id, one] of covered.rows) {
          if (foreign.columns.some((number) => !one.cells.has(number)))
            throw new NotDared(`whether rows of ${child.name} point to it is not known`);
          found.set(id, one);
        }
        for (const { exchange, at } of covered.sources)
          assumptions.push({ what: `rows of ${child.name}`, exchange, at });
      }
      if (found.size === 0 || foreign.onDelete === 'n' || foreign.onDelete === 'r') continue;
      if (foreign.onDelete !== 'c') throw new NotDared(`rows of ${child.name} would lose what they point to`);
      if (child.oddToWrite !== null || written.has(child))
        throw new NotDared(`rows of ${child.name} would be deleted too`);
      written.add(child);
      checkChildren(state, child, found, when, written, assumptions);
    }
  }
}
