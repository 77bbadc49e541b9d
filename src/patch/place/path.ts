import { badPath } from '../../lib/tree-path.ts';
import type { Tree } from '../tree.ts';

/** The file that an answer means. `guessed`: its name is not quite the one given, so that the edit has to fit without further repairs. */
export type Named =
  | {
      path: string;
      exists: boolean;
      guessed: string | null;
      /** Where there is no such file: files of the tree that the name may mean. */
      alike: readonly string[];
    }
  | { refusal: string };

/**
 * Which file of the tree is meant by the names that stood where a name stands, the likeliest first. A first name that may
 * not be touched is refused; no other is tried in its place.
 */
export async function namedFile(
  tree: Tree,
  label: string,
  names: readonly string[],
  wants: 'existing' | 'any',
  tool = false,
): Promise<Named> {
  const clean = [...new Set(names.map((name) => plainName(tree, name)))].filter((name) => name !== '');
  for (const [i, name] of clean.entries()) {
    const read = badPath(name) === null ? await tree.read(name) : { bad: badPath(name)! };
    if ('bad' in read) {
      if (tool && name.startsWith('/')) continue;
      if (i === 0) return { refusal: `${label}: ${read.bad}` };
      continue;
    }
    if (read.file !== null) return { path: name, exists: true, guessed: null, alike: [] };
  }
  const [first] = clean;
  if (first === undefined) return { refusal: `${label}: no file is named; put its path above the change` };
  const alike = await alikeFiles(tree, clean, tool);
  if (wants === 'any') {
    const usable = clean.find((name) => badPath(name) === null);
    return usable === undefined
      ? { refusal: `${label}: ${badPath(first)}` }
      : { path: usable, exists: false, guessed: null, alike };
  }
  if (alike.length === 1) return { path: alike[0]!, exists: true, guessed: first, alike };
  const base = first.split('/').at(-1)!;
  const near =
    alike.length > 0 ? alike : (await tree.files()).filter((file) => file.split('/').at(-1) === base);
  const there = near.length === 0 ? '' : `; there is ${near.slice(0, 5).join(', ')}`;
  return { refusal: `${label}: ${JSON.stringify(first).slice(1, -1)} is no file of the tree${there}` };
}

/** `./` and Windows' separators off; a path inside the tree's own folder made relative. */
function plainName(tree: Tree, name: string): string {
  let plain = name.trim();
  if (tree.folder !== null && plain.startsWith(`${tree.folder}/`))
    plain = plain.slice(tree.folder.length + 1);
  while (plain.startsWith('./')) plain = plain.slice(2);
  return /^[^/\\:]+(?:\\[^/\\:]+)+$/.test(plain) ? plain.replaceAll('\\', '/') : plain;
}

/** Files whose path ends with a name that was given, or, for tools that ran elsewhere, the longest end of it that is a file. */
async function alikeFiles(tree: Tree, names: readonly string[], tool: boolean): Promise<string[]> {
  const files = await tree.files();
  const known = new Set(files);
  for (const name of names) {
    const bare = name.replace(/^\/+/, '');
    if (name !== bare && !tool) continue;
    if (badPath(bare) !== null) continue;
    const ending = files.filter((file) => file.endsWith(`/${bare}`));
    if (ending.length > 0) return ending;
    const folded = files.filter((file) => file.toLowerCase() === bare.toLowerCase());
    if (folded.length > 0) return folded;
    const parts = bare.split('/');
    // Not down to the bare file name, unless a tool says so: the same name stands for other files in other folders.
    for (let i = 1; i < parts.length - (tool ? 0 : 1); i++) {
      const end = parts.slice(i).join('/');
      if (known.has(end)) return [end];
    }
  }
  return [];
}
