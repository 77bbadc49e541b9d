import { changesOf } from './changes.ts';
import { patchFromAnswer } from './from-answer.ts';
import type { Changes } from './paths.ts';
import { folderTree } from './tree.ts';

/** `repairs` names what had to be made good for it to apply: counts, line numbers. Empty for a clean patch. */
export type Applied = { ok: true; changes: Changes; repairs: string[] } | { ok: false; reason: string };

/**
 * What a patch that a person or a tool made changes, as whole files; the tree is only read. Its new lines are taken as they
 * are; wrong counts and line numbers, line ends and the like are made good and said, as for a model's answer. Refused:
 * lines that fit nowhere or at several places, paths outside the tree or inside .git, symbolic links, binary files,
 * changes of modes, files over 1 MB.
 */
export async function applyPatch(folder: string, diffText: string): Promise<Applied> {
  const patched = await patchFromAnswer(folderTree(folder), diffText, { trust: 'diff' });
  if (patched.outcome === 'reject') return { ok: false, reason: patched.refusals.join('\n') };
  if (patched.outcome === 'noop') {
    const there = patched.repairs.find((repair) => repair.fault === 'already-there');
    return {
      ok: false,
      reason: there === undefined ? 'the patch changes nothing' : `the patch changes nothing: ${there.text}`,
    };
  }
  const made = changesOf(patched.changes);
  if ('refusal' in made) return { ok: false, reason: made.refusal };
  return { ok: true, changes: made.changes, repairs: patched.repairs.map((repair) => repair.text) };
}
