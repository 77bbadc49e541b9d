import type { DeleteStmt, UpdateStmt } from 'libpg-query';
import { plainTarget } from './effects.ts';
import { lessonsOf, type Lesson } from './lessons.ts';
import { as, walk } from './parse.ts';
import type { State } from './state.ts';
import { target } from './target.ts';
import { countOf, type Write } from './write.ts';

/** What a statement that changed nothing shows of the rows that it looked at. */
export function shownBy(state: State, statement: Write): Lesson[] {
  const { node, asked, request, response } = statement;
  const select = node === null ? undefined : as(node, 'SelectStmt');
  if (select && response) return lessonsOf(state.schema, asked, select, request, response);
  const nothing = foundNothing(state, statement);
  return nothing ? [nothing] : [];
}

/** An UPDATE or DELETE of no row is a read: no row fulfils its conditions. Undefined where that cannot be told. */
export function foundNothing(state: State, statement: Write): Lesson | undefined {
  const { node, response } = statement;
  if (node === null || response === null || response.error !== null || countOf(response) !== 0)
    return undefined;
  const change: UpdateStmt | DeleteStmt | undefined = as(node, 'UpdateStmt') ?? as(node, 'DeleteStmt');
  const table = change && plainTarget(state, node);
  if (!table) return undefined;
  for (const [kind] of walk(node)) if (kind === 'SelectStmt') return undefined;
  const { atoms, whole } = target(state, table, change, statement);
  return whole ? { table, rows: new Map(), complete: atoms } : undefined;
}
