import { patchFromAnswer, type Patched, type PatchOptions } from '../../../src/patch/from-answer.ts';
import type { Tree } from '../../../src/patch/tree.ts';
import type { Case } from './cases.ts';

export type Result = 'exact' | 'wrong' | 'refused';

/** Files in memory as a tree. */
export function treeOf(files: ReadonlyMap<string, string>): Tree {
  return {
    folder: '/elsewhere',
    read: async (path) => {
      const text = files.get(path);
      return { file: text === undefined ? null : { text, mode: '100644' } };
    },
    files: async () => [...files.keys()].sort(),
  };
}

/** What the tree is after an answer; null for a refusal. */
export function filesAfter(
  before: ReadonlyMap<string, string>,
  patched: Patched,
): Map<string, string> | null {
  if (patched.outcome === 'reject') return null;
  const files = new Map(before);
  for (const { path, from, after } of patched.changes) {
    if (from !== null) files.delete(from);
    if (after === null) files.delete(path);
    else files.set(path, after.text);
  }
  return files;
}

export function sameFiles(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

/** Exact: the files are what was meant; of an answer that must be refused, that it was. */
export function judge(one: Case, files: ReadonlyMap<string, string> | null): Result {
  if (one.expect === 'refuse')
    return files === null ? 'exact' : sameFiles(files, one.before) ? 'refused' : 'wrong';
  if (files === null) return 'refused';
  return sameFiles(files, one.after) ? 'exact' : 'wrong';
}

export async function play(
  one: Case,
  options: PatchOptions = { git: false },
): Promise<{ result: Result; files: Map<string, string> | null; patched: Patched }> {
  const patched = await patchFromAnswer(treeOf(one.before), one.answer, options);
  const files = filesAfter(one.before, patched);
  return { result: judge(one, files), files, patched };
}
