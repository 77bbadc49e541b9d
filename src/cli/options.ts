import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { VouchError, systemCode } from '../lib/errors.ts';

/** For `.option(…, parse)`: a whole number in a range. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`);
  };
}

/** For `.option(…, parse)`: a number in a range. */
export function amount(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (/^\d+(?:\.\d+)?$/.test(text) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`must be a number from ${min} to ${max}`);
  };
}

/** For `.option(…, parse)`: words of a set, comma-separated. */
export function list<const W extends string>(words: readonly W[]): (text: string) => W[] {
  return (text) => {
    const given = text.split(',').map((word) => word.trim());
    const wrong = given.find((word) => !(words as readonly string[]).includes(word));
    if (wrong === undefined) return [...new Set(given as W[])];
    throw new InvalidArgumentError(
      `${wrong === '' ? 'an empty name' : wrong}: must be of ${words.join(', ')}`,
    );
  };
}

/** A file that the person named, or standard input for `-`. Throws `usage` with its name. */
export async function readNamed(path: string, maxBytes: number): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path === '-' ? '/dev/stdin' : path);
  } catch (error) {
    const code = systemCode(error);
    const why =
      code === 'ENOENT'
        ? 'no such file'
        : code === 'EISDIR'
          ? 'a folder, not a file'
          : `cannot be read (${code ?? String(error)})`;
    throw new VouchError('usage', `${path}: ${why}`, { cause: error });
  }
  if (bytes.length > maxBytes) throw new VouchError('usage', `${path}: larger than ${maxBytes} bytes`);
  if (bytes.length === 0) throw new VouchError('usage', `${path}: empty`);
  return bytes.toString('utf8');
}
