import { toTextOrBytes } from '../bytes.ts';
import type { MyValue } from './messages.ts';
import { parameterType, readBinary } from './types.ts';
import { Fields } from './wire.ts';

/** What a connection knows of a prepared statement's parameters, from one execution to the next. */
export interface Bindings {
  /** As bound last; null where nobody saw that. */
  types: number[] | null;
  /** Values that came before the execution, in pieces, by number of the parameter. */
  long: Map<number, Buffer[]>;
}

export interface Bound {
  params: MyValue[];
  types: number[];
  /** Rows of a bulk execution, or null. */
  bulk: number | null;
  /** COM_STMT_EXECUTE asked for a cursor, so that the rows come later. */
  cursor: boolean;
  flaw: string | null;
}

const UNKNOWN = 'its parameters were bound before the recording began, or in bytes that were lost';
const HAS_COUNT = 8;

/** The values of COM_STMT_EXECUTE, from behind the statement's id, for a statement of `count` parameters. */
export function readExecute(body: Buffer, count: number, bindings: Bindings): Bound {
  const fields = new Fields(body);
  const cursorFlags = fields.byte();
  fields.int32(); // iterations, always 1
  const bound: Bound = { params: [], types: [], bulk: null, cursor: (cursorFlags & 7) !== 0, flaw: null };
  // Query attributes are parameters with names, behind those of the statement.
  const named = (cursorFlags & HAS_COUNT) !== 0;
  const all = named ? fields.count() : count;
  if (all === 0 || fields.left === 0) return bound;
  const nulls = fields.bytes((all + 7) >> 3);
  const types = readTypes(fields, all, named) ?? bindings.types;
  if (types === null || types.length < all) return { ...bound, flaw: UNKNOWN };
  bindings.types = types;
  bound.types = types.slice(0, count);
  for (let index = 0; index < count; index++) {
    const long = bindings.long.get(index);
    if (long !== undefined) bound.params.push(toTextOrBytes(Buffer.concat(long)));
    else if ((nulls[index >> 3]! & (1 << (index & 7))) !== 0) bound.params.push(null);
    else bound.params.push(readBinary(parameterType(types[index]!), fields));
  }
  bindings.long.clear();
  return bound;
}

function readTypes(fields: Fields, count: number, named: boolean): number[] | null {
  if (fields.byte() !== 1) return null;
  return Array.from({ length: count }, () => {
    const type = fields.int16();
    if (named) fields.string();
    return type;
  });
}

const BULK_TYPES = 128;
const MAX_BULK = 1_000_000;

/** The values of MariaDB's COM_STMT_BULK_EXECUTE, from behind the statement's id: rows until the end. */
export function readBulk(body: Buffer, count: number, bindings: Bindings): Bound {
  const fields = new Fields(body);
  const bound: Bound = { params: [], types: [], bulk: 0, cursor: false, flaw: null };
  const types =
    (fields.int16() & BULK_TYPES) === 0
      ? bindings.types
      : Array.from({ length: count }, () => fields.int16());
  if (types === null || count === 0) return { ...bound, flaw: UNKNOWN };
  bindings.types = bound.types = types;
  let rows = 0;
  for (; fields.left > 0 && bound.params.length < MAX_BULK; rows++) {
    for (const type of types) {
      const indicator = fields.byte();
      if (indicator === 0) bound.params.push(readBinary(parameterType(type), fields));
      else if (indicator === 1) bound.params.push(null);
      else return { ...bound, bulk: rows, flaw: 'a bulk execution with values left to the server' };
    }
  }
  return { ...bound, bulk: rows, flaw: fields.left > 0 ? `more than ${MAX_BULK} values` : null };
}

/**
 * COM_QUERY's text, from behind the command. Between ends that know query attributes, their count stands before it, and then 1:
 * no statement begins like that.
 */
export function readQuery(body: Buffer): string {
  if (body.length < 2 || body[0]! > 8 || body[1] !== 1) return body.toString('utf8');
  const fields = new Fields(body);
  const count = fields.count();
  fields.count(); // sets of parameters, always 1
  if (count > 0) {
    const nulls = fields.bytes((count + 7) >> 3);
    const types = readTypes(fields, count, true) ?? [];
    for (const [index, type] of types.entries()) {
      if ((nulls[index >> 3]! & (1 << (index & 7))) === 0) readBinary(parameterType(type), fields);
    }
  }
  return fields.rest().toString('utf8');
}
