import type { PgRequest, PgResponse } from '../messages.ts';
import type { Asked } from './atoms.ts';
import type { Node } from './parse.ts';
import type { Source } from './state.ts';

/** One statement that may have changed something. */
export interface Write {
  sql: string;
  node: Node | null;
  asked: Asked;
  request: PgRequest;
  /** Null: it was not seen how it ended. */
  response: PgResponse | null;
  source: Source;
}

/** How many rows a statement's tag says that it was about. */
export function countOf(response: PgResponse | null): number | undefined {
  const match = /^(?:INSERT 0|UPDATE|DELETE) (\d+)$/.exec(response?.tag ?? '');
  return match ? Number(match[1]) : undefined;
}
