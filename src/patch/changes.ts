import type { FileChange } from './from-answer.ts';
import type { Changes } from './paths.ts';

/**
 * The changes as whole files by path; a rename is one file deleted and one made. Refused: what cannot be said that way,
 * and what no fix may do: another mode of a file, a new executable.
 */
export function changesOf(changes: readonly FileChange[]): { changes: Changes } | { refusal: string } {
  const whole = new Map<string, string | null>();
  for (const { from, path } of changes) if (from !== null && from !== path) whole.set(from, null);
  for (const { from, path, before, after } of changes) {
    if (after === null) {
      whole.set(path, null);
      continue;
    }
    if (before !== null && before.mode !== after.mode) return { refusal: `${path}: changes the file's mode` };
    const made = before === null || (from !== null && from !== path);
    if (made && after.mode === '100755') return { refusal: `${path}: would be a new executable file` };
    if (made || before.text !== after.text) whole.set(path, after.text);
  }
  return { changes: Object.fromEntries(whole) };
}
