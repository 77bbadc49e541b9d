import type { DeleteStmt, InsertStmt, SelectStmt, UpdateStmt } from 'libpg-query';
import type { Asked } from './atoms.ts';
import { dareDelete } from './dare-delete.ts';
import { dareInsert } from './dare-insert.ts';
import { dareUpdate } from './dare-update.ts';
import { levelsOf } from './levels.ts';
import { checkDeterminism, isOrdered } from './order.ts';
import { as, type Node } from './parse.ts';
import type { Plan } from './dare-plan.ts';
import { resolve } from './resolve.ts';
import { asksTime, unsafe } from './safe.ts';
import { NotDared } from './scope.ts';
import type { State } from './state.ts';

export type Dare = { dared: true; plan: Plan } | { dared: false; reason: string };

/** Whether a statement may be answered on what is known. `when`: the moment, for people. */
export function dare(state: State, asked: Asked, node: Node | null, when: string): Dare {
  try {
    return { dared: true, plan: planOf(state, asked, node, when) };
  } catch (error) {
    if (error instanceof NotDared) return { dared: false, reason: error.message };
    throw error;
  }
}

function planOf(state: State, asked: Asked, node: Node | null, when: string): Plan {
  if (node === null) throw new NotDared('it is not one statement that can be read');
  const select = as(node, 'SelectStmt');
  const insert: InsertStmt | undefined = as(node, 'InsertStmt');
  const update: UpdateStmt | undefined = as(node, 'UpdateStmt');
  const remove: DeleteStmt | undefined = as(node, 'DeleteStmt');
  if (!select && !insert && !update && !remove)
    throw new NotDared('it is no SELECT, INSERT, UPDATE or DELETE');
  const why = unsafe(state.schema, node);
  if (why !== null) throw new NotDared(why);
  if (select) return dareSelect(state, asked, select, when);
  return insert
    ? dareInsert(state, asked, insert, when)
    : update
      ? dareUpdate(state, asked, update, when)
      : dareDelete(state, asked, remove!, when);
}

function dareSelect(state: State, asked: Asked, select: SelectStmt, when: string): Plan {
  if (asksTime(select)) throw new NotDared('its answer depends on the time');
  const { top, levels } = levelsOf(state.schema, asked, select);
  const resolved = resolve(state, select, levels, when);
  const refs = levels.flatMap((level) => level.refs);
  checkDeterminism(state, asked, select, refs, resolved);
  const order = isOrdered(state, asked, select, top, resolved);
  const tables = new Set(refs.flatMap(({ table }) => table ?? []));
  return { ...noPlan(), kind: 'read', tables, assumptions: resolved.assumptions, ...order };
}

function noPlan(): Plan {
  return {
    kind: 'write',
    tables: new Set(),
    written: new Set(),
    assumptions: [],
    ordered: true,
    set: new Map(),
    fresh: false,
    guesses: false,
    partial: false,
  };
}
