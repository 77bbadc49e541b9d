import { diffArrays } from 'diff';
import { isObject, type Json } from '../lib/json.ts';
import { closest } from '../lib/similar-names.ts';
import { isNode, lineAt, parseCode, walk, type Node } from '../patch/syntax.ts';
import type { Changes } from './case.ts';
import { codeIn, hunksOf, type Mutant } from './mutants.ts';

/** Of the names that may have been meant as well, so many are tried. */
const MOST_OTHERS = 3;
const MOST_KEYS = 500;

/**
 * Where a patch reads another property of the same object than the code did, mutants that read one whose name is at least as near to the
 * name that was written. If such a mutant passes the gates as well, the name was guessed. `known`: names that the data has.
 */
export async function otherNames(
  tree: string,
  changes: Changes,
  known: ReadonlySet<string>,
): Promise<Mutant[]> {
  const found: Mutant[] = [];
  for (const { path, before, after } of await codeIn(tree, changes)) {
    const [was, is] = [readsIn(path, before), readsIn(path, after)];
    for (const hunk of hunksOf(before, after)) {
      const within = (reads: readonly Read[], { start, end }: { start: number; end: number }): Read[] =>
        reads.filter((one) => one.start >= start && one.end <= end);
      for (const { written, chosen } of exchanged(within(was, hunk.replaced), within(is, hunk))) {
        const { base, name, start, end } = chosen;
        const others = [...known, ...was.filter((one) => one.base === base).map((one) => one.name)];
        for (const other of asNear(written, name, others)) {
          found.push({
            literal: name,
            line: lineAt(after, start),
            path,
            changes: { ...changes, [path]: after.slice(0, start) + other + after.slice(end) },
          });
        }
      }
    }
  }
  return found;
}

/** Names of members and columns in what was answered, to any depth. */
export function keysIn(answers: readonly Json[]): Set<string> {
  const keys = new Set<string>();
  const open = [...answers];
  for (let one = open.pop(); one !== undefined && keys.size < MOST_KEYS; one = open.pop()) {
    if (Array.isArray(one)) open.push(...one.slice(0, 20));
    else if (isObject(one)) {
      for (const [key, value] of Object.entries(one)) {
        if (IDENTIFIER.test(key)) keys.add(key);
        // A column by its description, a member by the text that it came in.
        if (key === 'name' && typeof value === 'string' && IDENTIFIER.test(value)) keys.add(value);
        const inner = key === 'text' && typeof value === 'string' ? parsed(value) : value;
        if (inner !== null && typeof inner === 'object') open.push(inner);
      }
    }
  }
  return keys;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,80}$/;

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** The nearest first; the name that was written is none. */
function asNear(written: string, chosen: string, names: readonly string[]): string[] {
  const score = closest(written, [chosen], 0)[0]!.score;
  return closest(written, names, score)
    .map(({ name }) => name)
    .filter((name) => name !== chosen && name !== written)
    .slice(0, MOST_OTHERS);
}

interface Read {
  /** The object as it is written. */
  base: string;
  name: string;
  /** Where the name stands. */
  start: number;
  end: number;
}

/** `object.name`, in the order of the text. What does not parse has none. */
function readsIn(path: string, text: string): Read[] {
  const found: Read[] = [];
  const code = parseCode(path, text);
  if (!code.ok) return found;
  walk(code.program, (node: Node) => {
    const { object, property } = node as { object?: unknown; property?: unknown };
    if (node.type !== 'MemberExpression' || node['computed'] === true || !isNode(object) || !isNode(property))
      return;
    const [start, end] = [property.start, property.end];
    found.push({ base: text.slice(object.start, object.end), name: text.slice(start, end), start, end });
  });
  return found;
}

/** The reads that stand in place of another one of the same object. */
function exchanged(old: readonly Read[], own: readonly Read[]): { written: string; chosen: Read }[] {
  // Where nothing else is changed they stand in the same order.
  if (old.length === own.length)
    return own.flatMap((chosen, i) => {
      const { base, name } = old[i]!;
      return base === chosen.base && name !== chosen.name ? [{ written: name, chosen }] : [];
    });
  const found: { written: string; chosen: Read }[] = [];
  let removed: Read[] = [];
  const same = (a: Read, b: Read): boolean => a.base === b.base && a.name === b.name;
  for (const part of diffArrays([...old], [...own], { comparator: same })) {
    if (part.added) {
      for (const chosen of part.value) {
        const at = removed.findIndex(({ base }) => base === chosen.base);
        if (at !== -1) found.push({ written: removed.splice(at, 1)[0]!.name, chosen });
      }
    }
    removed = part.removed ? [...part.value] : [];
  }
  return found;
}
