import type { DeleteStmt, UpdateStmt } from 'libpg-query';
import { copiedOut } from './copied.ts';
import { plainTarget } from './effects.ts';
import { lessonsOf, type Lesson } from './lessons.ts';
import { as, walk } from './parse.ts';
import { tableNamed } from './scope.ts';
import type { State } from './state.ts';
import { target } from './target.ts';
import { countOf, type Write } from './write.ts';

/** What a statement that changed nothing shows of the rows that it looked at. */
export function shownBy(state: State, statement: Write): Lesson[] {
  const { node, asked, request, response } = statement;
  const select = node === null ? undefined : as(node, 'SelectStmt');
  if (select && response) return lessonsOf(state.schema, asked, select, request, response);
  const found = copyOf(state, statement) ?? foundNothing(state, statement);
  return found ? [found] : [];
}

function copyOf(state: State, statement: Write): Lesson | undefined {
  const copy = statement.node === null ? undefined : as(statement.node, 'CopyStmt');
  const table =
    copy?.relation && !copy.is_from && !copy.query ? tableNamed(state.schema, copy.relation) : null;
  return table && table.oddToRead === null ? copiedOut(state, table, copy!, statement) : undefined;
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
