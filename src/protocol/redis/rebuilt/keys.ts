import { fromTextOrBytes, type TextOrBytes } from '../../bytes.ts';
import type { RedisCall, Resp } from '../messages.ts';
import { wordsOf, type RedisServer } from './server.ts';

/** A key as a name for maps: the database and the bytes as ISO 8859-1. */
export function keyName(db: number, key: Buffer | TextOrBytes): string {
  const bytes = Buffer.isBuffer(key) ? key : fromTextOrBytes(key);
  return `${db} ${bytes.toString('latin1')}`;
}

export function keyOf(name: string): { db: number; key: Buffer } {
  const at = name.indexOf(' ');
  return { db: Number(name.slice(0, at)), key: Buffer.from(name.slice(at + 1), 'latin1') };
}

/** For people. */
export function keyText(name: string): string {
  const { db, key } = keyOf(name);
  return `${JSON.stringify(key.toString('utf8').slice(0, 100))}${db === 0 ? '' : ` of database ${db}`}`;
}

/** The keys of a command, as Redis itself finds them; null where it does not know the command or the arguments are wrong. */
export async function keysOf(server: RedisServer, { command, args }: RedisCall): Promise<Buffer[] | null> {
  const reply: Resp = await server.call(0, ['COMMAND', 'GETKEYS', ...wordsOf(command, args)]);
  if (!Array.isArray(reply)) return null;
  return reply.map((key) => fromTextOrBytes(key as TextOrBytes));
}

/** Names of one kind look alike: ids, numbers and hashes in them stand for any other. */
export function shapeOf(name: string): string {
  return name.replace(/[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}|\d+/gi, '#');
}
