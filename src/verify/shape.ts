import { isObject, type Json } from '../lib/json.ts';

/** The kinds of value seen at each path, array positions as `*`. The root's path is ''. */
type Shape = Map<string, Set<string>>;

function shapeOf(value: Json, into: Shape = new Map(), path = ''): Shape {
  const kinds = into.get(path) ?? new Set();
  into.set(path, kinds.add(kindOf(value)));
  const join = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (Array.isArray(value)) for (const item of value) shapeOf(item, into, join('*'));
  else if (isObject(value))
    for (const [key, member] of Object.entries(value)) shapeOf(member, into, join(key));
  return into;
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  if (isObject(value)) return 'object';
  if (value === '') return 'empty text';
  return typeof value === 'string' ? 'text' : typeof value;
}

/**
 * Where `value` does not look like the `examples`: a member that all of them have is missing, one that none has is there, or a kind of
 * value (null, empty text and empty list are kinds of their own) that none has at that path. Empty: it looks like them.
 */
export function oddities(value: Json, examples: readonly Json[]): string[] {
  const shapes = examples.map((example) => shapeOf(example));
  const known: Shape = new Map();
  for (const shape of shapes)
    for (const [path, kinds] of shape) known.set(path, new Set([...(known.get(path) ?? []), ...kinds]));
  const own = shapeOf(value);
  const found: string[] = [];
  for (const [path, kinds] of own) {
    const name = path === '' ? 'the body' : path;
    const usual = known.get(path);
    if (!usual) {
      if (!belowBlank(path, known)) found.push(`${name} is in no other answer`);
    } else
      for (const kind of kinds)
        if (!usual.has(kind) && !fillsIn(kind, usual))
          found.push(`${name} is ${kind}, elsewhere ${[...usual].join(' or ')}`);
  }
  for (const [path] of known) {
    const everywhere = shapes.every((shape) => shape.has(path));
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
    if (everywhere && !own.has(path) && isContainer(own.get(parent))) found.push(`${path} is missing`);
  }
  return found;
}

/** Inside of something that was empty in all others: nothing is known of what it holds. */
function belowBlank(path: string, known: Shape): boolean {
  for (let at = path.lastIndexOf('.'); at !== -1; at = path.lastIndexOf('.', at - 1)) {
    const above = known.get(path.slice(0, at));
    if (above) return [...above].every((kind) => kind === 'null' || kind === 'empty list');
  }
  return false;
}

/** Where all others were blank, a value is more than they had, not less. */
function fillsIn(kind: string, usual: ReadonlySet<string>): boolean {
  const blanks: Record<string, string[]> = { list: ['null', 'empty list'], text: ['null', 'empty text'] };
  return [...usual].every((one) => (blanks[kind] ?? ['null']).includes(one));
}

/** What has no members misses none: that it is of another kind has been said. */
function isContainer(kinds: ReadonlySet<string> | undefined): boolean {
  return kinds !== undefined && (kinds.has('object') || kinds.has('list'));
}

/** Whether two values have the same members with the same kinds. */
export function sameShape(a: Json, b: Json): boolean {
  return oddities(a, [b]).length === 0 && oddities(b, [a]).length === 0;
}
