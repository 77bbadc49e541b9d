import { letterOf, type Letter } from './calls.ts';
import type { Choice, Journal } from './journal.ts';
import type { PageModel } from './page-model.ts';

/** A file of decisions, as `vouch backport import` reads it too. */
export function exportText(journal: Journal, project: string, reviewer: string): string {
  const decisions = [];
  const notes = [];
  for (const { branch, sha, choice } of journal.all()) {
    const { call, note, by, at, seen } = choice;
    const entry = { sha, branch, call, by: by === '' ? reviewer : by, at, note, seen };
    if (call === null) notes.push(entry);
    else decisions.push(entry);
  }
  return `${JSON.stringify({ format: 1, project, decisions, notes }, null, 1)}\n`;
}

export interface Incoming {
  row: number;
  sha: string;
  branch: string;
  choice: Choice;
}

export interface Read {
  /** New here. */
  taken: Incoming[];
  /** As they are here already. */
  same: number;
  /** Said otherwise here: one is to be chosen. */
  conflicts: (Incoming & { own: Choice })[];
  refused: { what: string; why: string }[];
}

const LIMITS = { bytes: 32 * 2 ** 20, entries: 200_000, note: 4000, by: 200 } as const;

/** Throws with what is wrong for a file that is none of decisions. */
export function readDecisions(
  text: string,
  model: PageModel,
  here: (branch: string, sha: string) => Choice | null,
): Read {
  if (text.length > LIMITS.bytes) throw new Error('The file is larger than 32 MiB.');
  const entries = entriesOf(text);
  const read: Read = { taken: [], same: 0, conflicts: [], refused: [] };
  const seen = new Map<string, Incoming>();
  for (const [i, entry] of entries.entries()) {
    const incoming = incomingOf(entry, model);
    if (typeof incoming === 'string') {
      read.refused.push({ what: nameOf(entry, i), why: incoming });
      continue;
    }
    const key = `${incoming.sha} ${incoming.branch}`;
    const before = seen.get(key);
    // Of two in one file the later one holds.
    if (before === undefined || before.choice.at <= incoming.choice.at) seen.set(key, incoming);
    if (before !== undefined)
      read.refused.push({
        what: nameOf(entry, i),
        why: 'the file says two things of it; the later one is read',
      });
  }
  for (const incoming of seen.values()) {
    const own = here(incoming.branch, incoming.sha);
    if (own === null) read.taken.push(incoming);
    else if (own.call === incoming.choice.call && own.note === incoming.choice.note) read.same++;
    else read.conflicts.push({ ...incoming, own });
  }
  return read;
}

function entriesOf(text: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('The file is not JSON.');
  }
  const decisions = member(parsed, 'decisions');
  const notes = member(parsed, 'notes') ?? [];
  if (member(parsed, 'format') !== 1 || !Array.isArray(decisions) || !Array.isArray(notes))
    throw new Error('The file holds no decisions that this page can read (format 1).');
  if (decisions.length + notes.length > LIMITS.entries)
    throw new Error('The file has more than 200,000 decisions.');
  return [...(decisions as unknown[]), ...(notes as unknown[])];
}

/** An own member: nothing is taken from a prototype. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function incomingOf(entry: unknown, model: PageModel): Incoming | string {
  const sha = member(entry, 'sha');
  const branch = member(entry, 'branch');
  if (typeof sha !== 'string' || !/^[0-9a-f]{7,64}$/i.test(sha)) return 'has no commit id';
  if (typeof branch !== 'string') return 'has no branch';
  const row = model.find(sha.toLowerCase());
  if (row === undefined) return 'is not a commit of this page';
  if (!model.data.branches.includes(branch)) return 'is of a branch that is not on this page';
  const call = callOf(member(entry, 'call'));
  if (call === undefined) return 'has none of the calls n, u, w, y';
  const note = member(entry, 'note') ?? '';
  const by = member(entry, 'by') ?? '';
  if (typeof note !== 'string' || note.length > LIMITS.note)
    return `has a note that is no text of up to ${LIMITS.note} characters`;
  if (typeof by !== 'string' || by.length > LIMITS.by) return 'has no name that can be read';
  if (call === null && note === '') return 'says nothing';
  const seen = member(entry, 'seen');
  const choice = {
    call,
    note,
    by,
    at: timeOf(member(entry, 'at')),
    seen: typeof seen === 'number' ? seen : null,
  };
  return { row, sha: model.commit(row).sha, branch, choice };
}

function callOf(value: unknown): Letter | null | undefined {
  if (value === null) return null;
  const words: Record<string, Letter> = { no: 'n', uncertain: 'u', wait: 'w', yes: 'y' };
  if (typeof value !== 'string') return undefined;
  return letterOf(value) ?? (Object.hasOwn(words, value) ? words[value] : undefined);
}

function timeOf(value: unknown): number {
  const at = typeof value === 'string' ? Date.parse(value) : value;
  return typeof at === 'number' && Number.isFinite(at) ? at : 0;
}

function nameOf(entry: unknown, i: number): string {
  const sha = member(entry, 'sha');
  return typeof sha === 'string' ? `Entry ${i + 1} (${sha.slice(0, 12)})` : `Entry ${i + 1}`;
}
