import { isObject, type Json } from '../lib/json.ts';

/** What is left of a missing value in a text that was made with it. */
const LEFTOVER = /undefined|(?<![A-Za-z])NaN(?![a-z])|\[object \w+\]/;

/** A text with the leftover of a missing value, where no example has one: where, and the text. Null: there is none. */
export function leftoverIn(value: Json, examples: readonly Json[]): string | null {
  const usual = examples.some((example) => leaves(example).some(([, leaf]) => isLeftover(leaf)));
  const found = usual ? undefined : leaves(value).find(([, leaf]) => isLeftover(leaf));
  return found ? `${found[0] === '' ? 'it' : found[0]} is ${JSON.stringify(found[1])}` : null;
}

/** Where a value is null that is none in all examples, though they have it. */
export function nullsOf(value: Json, examples: readonly Json[]): string[] {
  const others = examples.map((example) => new Map(leaves(example)));
  return leaves(value)
    .filter(
      ([path, leaf]) =>
        leaf === null && others.length > 0 && others.every((other) => (other.get(path) ?? null) !== null),
    )
    .map(([path]) => path);
}

function isLeftover(leaf: Json): boolean {
  return typeof leaf === 'string' && LEFTOVER.test(leaf);
}

function leaves(value: Json, path = ''): [string, Json][] {
  const join = (key: string | number): string => (path === '' ? `${key}` : `${path}.${key}`);
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, join(i)));
  if (isObject(value)) return Object.entries(value).flatMap(([key, member]) => leaves(member, join(key)));
  return [[path, value]];
}
