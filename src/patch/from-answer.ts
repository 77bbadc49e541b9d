import { brokenBy, doesNotParse } from './check/parses.ts';
import { gitRefuses } from './check/git-check.ts';
import { diffOf } from './diff.ts';
import type { Form, Mode, Repair } from './intent.ts';
import type { TreeFile } from './paths.ts';
import { resolveAnswer, type Resolved } from './place/resolve.ts';
import { readAnswer } from './read/answer.ts';
import { layeredTree, type Tree } from './tree.ts';

/** One place of a file that changes: offsets in UTF-16 code units of the text whose UTF-8 bytes have that SHA-256. */
export interface Edit {
  file: string;
  baseSha256: string;
  start: number;
  end: number;
  text: string;
}

/** One file as it was and as it is to be. `from` is set for a rename only: the path that it had. */
export interface FileChange {
  path: string;
  from: string | null;
  before: TreeFile | null;
  after: { text: string; mode: Mode } | null;
}

export type Patched =
  /** `diff` is in git's format; empty, as `changes` is, for `noop`. */
  | {
      outcome: 'apply' | 'noop';
      form: Form;
      changes: FileChange[];
      edits: Edit[];
      diff: string;
      repairs: Repair[];
      notes: string[];
    }
  /** `refusals` are for whoever wrote the answer: what was looked for, what is there, what to do. */
  | { outcome: 'reject'; form: Form | null; refusals: string[]; repairs: Repair[] };

export interface PatchOptions {
  /** `answer`: what a model wrote, all of it doubtful. `diff`: a diff that a tool made; its new lines are taken as they are. */
  trust?: 'answer' | 'diff';
  /** Runs the result through git as well; a benchmark of thousands of answers does so for some. Default true. */
  git?: boolean;
}

/** Longer answers are refused: no change that people can look at is that long. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Resolves what somebody answered against a tree, which is only read: finds out the form, finds the one place of each
 * change or refuses all, generates the diff from before and after, and checks it (syntax, `git apply`, a second time).
 */
export async function patchFromAnswer(
  tree: Tree,
  answer: string,
  { trust = 'answer', git = true }: PatchOptions = {},
): Promise<Patched> {
  const reject = (refusals: string[], form: Form | null = null, repairs: Repair[] = []): Patched => ({
    outcome: 'reject',
    form,
    refusals,
    repairs,
  });
  if (answer.length > MAX_ANSWER_BYTES)
    return reject([`the answer is larger than ${MAX_ANSWER_BYTES / 2 ** 20} MB`]);
  const read = readAnswer(answer);
  if (read === null)
    return reject([
      'the answer holds no change: no search/replace block, diff, file with its name, or JSON edit',
    ]);
  if (read.problems.length > 0) return reject(read.problems, read.form);
  if (read.files.length === 0) return reject(['the answer names no change'], read.form);
  const options = { asGiven: trust === 'diff' };
  const resolved = await resolveAnswer(tree, read, options);
  if (!resolved.ok) return reject(resolved.refusals, read.form, resolved.repairs);
  const { changes, edits, repairs } = resolved;
  if (changes.length === 0)
    return { outcome: 'noop', form: read.form, changes, edits, diff: '', repairs, notes: [] };
  const notes: string[] = [];
  const wrong: string[] = [];
  // A person's diff that breaks the syntax is for the judge to see.
  for (const change of trust === 'answer' ? changes : []) {
    const broken = await brokenBy(change.path, change.before?.text ?? null, change.after?.text ?? null);
    if (broken !== null) wrong.push(broken);
    else if (change.before === null && change.after !== null) {
      const note = await doesNotParse(change.path, change.after.text);
      if (note !== null) notes.push(note);
    }
  }
  if (wrong.length > 0) return reject(wrong, read.form, repairs);
  if (trust === 'answer' && read.files.some((file) => file.action !== 'ranges')) {
    const again = await resolveAnswer(after(tree, changes), read, options);
    if (changesMore(again))
      return reject(
        [
          'applied a second time, the answer would change the files again, so it cannot be told whether they have the change already; show more of the lines around it',
        ],
        read.form,
        repairs,
      );
  }
  const diff = diffOf(changes);
  const refused = git ? await gitRefuses(changes, diff) : null;
  if (refused !== null) return reject([refused], read.form, repairs);
  return { outcome: 'apply', form: read.form, changes, edits, diff, repairs, notes };
}

function after(tree: Tree, changes: readonly FileChange[]): Tree {
  const files = new Map<string, TreeFile | null>();
  for (const change of changes) {
    if (change.from !== null) files.set(change.from, null);
    files.set(change.path, change.after);
  }
  return layeredTree(tree, files);
}

function changesMore(again: Resolved): boolean {
  return again.ok && again.changes.length > 0;
}
