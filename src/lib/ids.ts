import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A new id: `PREFIX_` and 16 lower-case characters (Crockford base 32), the first 9 of them the time in
 * milliseconds, so that ids sort by creation. Safe in file names, URLs, branch names and cgroup names.
 */
export function newId(prefix: string, now: number = Date.now()): string {
  let time = '';
  for (let rest = now, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32]! + time;
  let random = '';
  for (const byte of randomBytes(7)) random += ALPHABET[byte % 32]!;
  return `${prefix}_${time}${random}`;
}
