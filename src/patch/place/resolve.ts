import { createHash } from 'node:crypto';
import type { FileChange, Edit } from '../from-answer.ts';
import type { Answer, FileIntent, Hunk, Mode, Range, Repair } from '../intent.ts';
import { MAX_FILE_BYTES, type TreeFile } from '../paths.ts';
import type { Tree } from '../tree.ts';
import { applyEdits, conflict, inOrder, sameEdit, type TextEdit } from './edits.ts';
import { fileText } from './lines.ts';
import { placeHunks } from './hunks.ts';
import { namedFile } from './path.ts';
import { resolveWhole } from './whole.ts';

export type Resolved =
  | { ok: true; changes: FileChange[]; edits: Edit[]; repairs: Repair[] }
  | { ok: false; refusals: string[]; repairs: Repair[] };

type Labelled = TextEdit & { label: string };

/** What becomes of one file, gathered from all intents that name it. */
interface Work {
  path: string;
  before: TreeFile | null;
  /** Set by a rename: where its text comes from. */
  from: string | null;
  hunks: Hunk[];
  edits: Labelled[];
  whole: string | null;
  gone: boolean;
  mode: Mode | null;
  guessed: string | null;
  label: string;
}

interface State {
  tree: Tree;
  work: Map<string, Work>;
  refusals: string[];
  repairs: Repair[];
  asGiven: boolean;
}

/** Finds the place of everything that an answer asks for, all or nothing. The tree is only read. */
export async function resolveAnswer(
  tree: Tree,
  answer: Answer,
  options: { asGiven: boolean },
): Promise<Resolved> {
  const state: State = { tree, work: new Map(), refusals: [], repairs: [], asGiven: options.asGiven };
  for (const intent of answer.files) {
    state.repairs.push(...intent.repairs);
    await take(state, intent);
  }
  const changes: FileChange[] = [];
  const edits: Edit[] = [];
  for (const work of state.work.values()) {
    const done = finish(state, work);
    if (done === null) continue;
    edits.push(...done.edits);
    if (done.change !== null) changes.push(done.change);
  }
  const { refusals, repairs } = state;
  if (refusals.length > 0) return { ok: false, refusals: [...new Set(refusals)], repairs };
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ok: true, changes, edits, repairs };
}

async function take(state: State, intent: FileIntent): Promise<void> {
  switch (intent.action) {
    case 'edit':
      return takeEdit(state, intent);
    case 'create':
      return takeCreate(state, intent);
    case 'delete':
      return takeDelete(state, intent);
    case 'rename':
      return takeRename(state, intent);
    case 'whole':
      return takeWhole(state, intent);
    case 'ranges':
      return takeRanges(state, intent);
  }
}

type Intent<A extends FileIntent['action']> = Extract<FileIntent, { action: A }>;

async function takeEdit(state: State, intent: Intent<'edit'>): Promise<void> {
  if (intent.paths.length === 0) return takeUnnamed(state, intent);
  const named = await namedFile(state.tree, intent.label, intent.paths, 'existing');
  if ('refusal' in named) {
    state.refusals.push(named.refusal);
    return;
  }
  const work = await workOn(state, named.path, intent.label);
  if (work === null) return;
  work.guessed ??= named.guessed;
  work.hunks.push(...intent.hunks);
  if (intent.mode !== null) work.mode = intent.mode;
}

/** No file is named: the one file in which all of it fits exactly and once. */
async function takeUnnamed(state: State, intent: Intent<'edit'>): Promise<void> {
  const fits: string[] = [];
  for (const path of await state.tree.files()) {
    const read = await state.tree.read(path);
    if (!('file' in read) || read.file === null) continue;
    const placed = placeHunks(path, read.file.text, intent.hunks, state);
    if ('edits' in placed && placed.strict && placed.edits.length > 0) fits.push(path);
    if (fits.length > 5) break;
  }
  const [path] = fits;
  if (path === undefined || fits.length > 1) {
    const where = fits.length > 1 ? `, and its lines fit ${fits.join(', ')}` : '';
    state.refusals.push(`${intent.label}: no file is named${where}; put the file's path above the change`);
    return;
  }
  const work = await workOn(state, path, intent.label);
  if (work === null) return;
  work.hunks.push(...intent.hunks);
  state.repairs.push({ fault: 'file-name', text: `no file was named; the lines are those of ${path}` });
}

async function takeCreate(state: State, intent: Intent<'create'>): Promise<void> {
  const named = await namedFile(state.tree, intent.label, intent.paths, 'any');
  if ('refusal' in named) {
    state.refusals.push(named.refusal);
    return;
  }
  const work = await workOn(state, named.path, intent.label);
  if (work === null) return;
  if (work.before !== null && work.before.text !== '' && !sameText(work.before.text, intent.text)) {
    state.refusals.push(
      `${intent.label}: ${named.path} is there already, and the answer creates it; change it by its lines`,
    );
    return;
  }
  setWhole(
    state,
    work,
    work.before !== null && work.before.text !== '' ? work.before.text : intent.text,
    intent.label,
  );
  if (work.before !== null)
    state.repairs.push({ fault: 'already-there', text: `${named.path} is there already` });
  else work.mode = intent.mode ?? '100644';
}

async function takeDelete(state: State, intent: Intent<'delete'>): Promise<void> {
  const named = await namedFile(state.tree, intent.label, intent.paths, 'any');
  if ('refusal' in named) {
    state.refusals.push(named.refusal);
    return;
  }
  if (!named.exists) {
    state.repairs.push({ fault: 'already-there', text: `${named.path} is not there any more` });
    return;
  }
  const work = await workOn(state, named.path, intent.label);
  if (work === null) return;
  if (intent.hunks.length > 0) {
    const placed = placeHunks(named.path, work.before!.text, intent.hunks, state);
    const rest = 'edits' in placed ? applyEdits(work.before!.text, placed.edits) : null;
    if (rest === null || rest.trim() !== '') {
      state.refusals.push(
        'refusals' in placed
          ? placed.refusals.join('\n')
          : `${intent.label}: ${named.path} holds more than what the answer deletes`,
      );
      return;
    }
  }
  if (work.hunks.length > 0 || work.whole !== null)
    state.refusals.push(`${intent.label}: ${named.path} is changed and deleted`);
  work.gone = true;
}

async function takeRename(state: State, intent: Intent<'rename'>): Promise<void> {
  const from = await namedFile(state.tree, intent.label, intent.from, 'any');
  const to = await namedFile(state.tree, intent.label, intent.paths, 'any');
  for (const named of [from, to]) {
    if (!('refusal' in named)) continue;
    state.refusals.push(named.refusal);
    return;
  }
  if ('refusal' in from || 'refusal' in to) return;
  const edit: Intent<'edit'> = { ...intent, action: 'edit' };
  if (from.path === to.path) return takeEdit(state, edit);
  // It was renamed before; its hunks are there, or they are not.
  if (!from.exists && to.exists) {
    state.repairs.push({ fault: 'already-there', text: `${from.path} is named ${to.path} already` });
    return takeEdit(state, edit);
  }
  if (!from.exists) {
    state.refusals.push(`${intent.label}: ${from.path} is no file of the tree`);
    return;
  }
  if (to.exists) {
    state.refusals.push(`${intent.label}: ${from.path} is to become ${to.path}, which is there already`);
    return;
  }
  const [old, now] = [
    await workOn(state, from.path, intent.label),
    await workOn(state, to.path, intent.label),
  ];
  if (old === null || now === null) return;
  if (old.hunks.length > 0 || now.from !== null) {
    state.refusals.push(
      `${intent.label}: ${from.path} is changed and renamed by different parts of the answer`,
    );
    return;
  }
  old.gone = true;
  now.from = from.path;
  now.before = old.before;
  now.hunks.push(...intent.hunks);
  if (intent.mode !== null) now.mode = intent.mode;
}

async function takeWhole(state: State, intent: Intent<'whole'>): Promise<void> {
  const named = await namedFile(state.tree, intent.label, intent.paths, 'any');
  if ('refusal' in named) {
    state.refusals.push(named.refusal);
    return;
  }
  // A name without its folder: the file that has that name, if it is the one whose text this is, or nothing.
  const [alike] = named.alike;
  if (named.alike.length > 1) {
    state.refusals.push(
      `${intent.label}: ${named.path} is no file of the tree; there is ${named.alike.slice(0, 5).join(', ')}; give the whole path`,
    );
    return;
  }
  const path = alike ?? named.path;
  const work = await workOn(state, path, intent.label);
  if (work === null) return;
  const resolved = resolveWhole(path, work.before?.text ?? null, intent);
  if (!resolved.ok) {
    state.refusals.push(resolved.refusal);
    return;
  }
  if (alike !== undefined)
    state.repairs.push({ fault: 'file-name', text: `took ${alike} for ${named.path}` });
  state.repairs.push(...resolved.repairs);
  setWhole(state, work, resolved.after, intent.label);
  if (work.before === null) work.mode = '100644';
}

async function takeRanges(state: State, intent: Intent<'ranges'>): Promise<void> {
  const named = await namedFile(state.tree, intent.label, intent.paths, 'existing', true);
  if ('refusal' in named) {
    state.refusals.push(named.refusal);
    return;
  }
  const work = await workOn(state, named.path, intent.label);
  if (work === null) return;
  const { text } = work.before!;
  const { eol } = fileText(text);
  for (const range of intent.ranges) {
    const refusal = takeRange(work, range, text, eol);
    if (refusal !== null) state.refusals.push(refusal);
  }
}

function takeRange(work: Work, range: Range, text: string, eol: string): string | null {
  if (range.seen !== undefined && range.seen.replace(/^\ufeff/, '') !== text.replace(/^\ufeff/, ''))
    return `${range.label}: ${work.path} is not the file that the tool saw; run it again`;
  const at = range.locate(text);
  if ('refusal' in at) return `${range.label}: ${work.path}: ${at.refusal}`;
  const inserted = eol === '\r\n' ? range.text.replace(/\r?\n/g, '\r\n') : range.text;
  work.edits.push({ ...at, text: inserted, label: range.label });
  return null;
}

function sameText(a: string, b: string): boolean {
  const plain = (text: string): string => text.replaceAll('\r\n', '\n').replace(/\n+$/, '');
  return plain(a) === plain(b);
}

function setWhole(state: State, work: Work, text: string, label: string): void {
  if (work.whole !== null && work.whole !== text)
    state.refusals.push(`${label}: ${work.path} is given twice, differently`);
  if (work.gone) state.refusals.push(`${label}: ${work.path} is changed and deleted`);
  work.whole = text;
}

async function workOn(state: State, path: string, label: string): Promise<Work | null> {
  const known = state.work.get(path);
  if (known) return known;
  const read = await state.tree.read(path);
  if ('bad' in read) {
    state.refusals.push(`${label}: ${read.bad}`);
    return null;
  }
  const work: Work = {
    path,
    before: read.file,
    from: null,
    hunks: [],
    edits: [],
    whole: null,
    gone: false,
    mode: null,
    guessed: null,
    label,
  };
  state.work.set(path, work);
  return work;
}

function finish(state: State, work: Work): { change: FileChange | null; edits: Edit[] } | null {
  const { path, before } = work;
  const renamed = [...state.work.values()].some((other) => other.from === path);
  if (work.gone) return { change: renamed ? null : { path, from: null, before, after: null }, edits: [] };
  const old = before?.text ?? '';
  const edits = [...work.edits];
  if (work.hunks.length > 0) {
    const placed = placeHunks(path, old, work.hunks, state);
    if ('refusals' in placed) {
      state.refusals.push(...placed.refusals);
      return null;
    }
    if (work.guessed !== null) {
      if (!placed.strict) {
        state.refusals.push(`${work.label}: ${work.guessed} is no file of the tree; there is ${path}`);
        return null;
      }
      state.repairs.push({ fault: 'file-name', text: `took ${path} for ${work.guessed}` });
    }
    state.repairs.push(...placed.repairs);
    edits.push(...placed.edits);
  }
  if (work.whole !== null && edits.length > 0) {
    state.refusals.push(`${work.label}: ${path} is given whole and by edits`);
    return null;
  }
  const kept = distinct(state, path, edits);
  if (kept === null) return null;
  const text = work.whole ?? applyEdits(old, kept);
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    state.refusals.push(`${path}: would be over ${MAX_FILE_BYTES} bytes`);
    return null;
  }
  if (text.includes('\u0000')) {
    state.refusals.push(`${path}: would be binary`);
    return null;
  }
  const mode = (work.mode ?? before?.mode ?? '100644') as Mode;
  const after = { text, mode };
  const unchanged = work.from === null && before !== null && before.text === text && before.mode === mode;
  if (unchanged || (before === null && work.whole === null)) return null;
  return {
    change: { path, from: work.from, before, after },
    edits: asEdits(work.from ?? path, before, kept, work.whole),
  };
}

/** The edits in order, equal ones once; null, with refusals, where two cannot both be made. */
function distinct(state: State, path: string, edits: readonly Labelled[]): Labelled[] | null {
  const kept: Labelled[] = [];
  let fine = true;
  for (const edit of inOrder(edits)) {
    const last = kept.at(-1);
    if (last !== undefined && sameEdit(last, edit)) {
      state.repairs.push({ fault: 'duplicate', text: `${edit.label} says the same as ${last.label}` });
      continue;
    }
    if (last !== undefined && conflict(last, edit)) {
      state.refusals.push(
        `${path}: ${last.label} and ${edit.label} change the same place; say it in one change`,
      );
      fine = false;
    }
    kept.push(edit);
  }
  return fine ? kept : null;
}

function asEdits(
  file: string,
  before: TreeFile | null,
  edits: readonly TextEdit[],
  whole: string | null,
): Edit[] {
  const old = before?.text ?? '';
  const baseSha256 = createHash('sha256').update(old).digest('hex');
  const all = whole === null ? edits : [{ start: 0, end: old.length, text: whole }];
  return all
    .filter((edit) => old.slice(edit.start, edit.end) !== edit.text)
    .map(({ start, end, text }) => ({ file, baseSha256, start, end, text }));
}
