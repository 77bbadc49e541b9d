import type { FileIntent, Hunk, Mode, Repair } from '../intent.ts';
import { linesOfItems } from './unified-body.ts';
import { createdText } from './unified-create.ts';
import { hasChanges, hunkOf, type FoundHunk, type Lead } from './unified-hunk.ts';
import { alone, hasPrefixes, paired, type Name } from './unified-names.ts';

/** What a diff says about one file, as found. */
export interface Section {
  /** `update`, `add` and `delete` are OpenAI's forms. */
  form: 'diff' | 'update' | 'add' | 'delete';
  git: [string, string] | null;
  /** Of `---` and `+++`. */
  old: Name | null;
  now: Name | null;
  /** From `Index:`, `*** Update File:` or the text above. */
  other: string | null;
  rename: { from: string | null; to: string | null };
  copied: boolean;
  created: boolean;
  deleted: boolean;
  /** A line with the ids of both contents: it was made by git, so `@@ -0,0` alone is no new file. */
  hasIds: boolean;
  mode: string | null;
  /** What it holds that no diff of lines can say. */
  unfit: Set<string>;
  hunks: FoundHunk[];
  repairs: Repair[];
}

export function newSection(form: Section['form'] = 'diff'): Section {
  return {
    form,
    git: null,
    old: null,
    now: null,
    other: null,
    rename: { from: null, to: null },
    copied: false,
    created: false,
    deleted: false,
    hasIds: false,
    mode: null,
    unfit: new Set(),
    hunks: [],
    repairs: [],
  };
}

export interface Names {
  /** Null where it does not move. */
  from: string[] | null;
  paths: string[];
}

/** All names that may be meant, the likeliest first. */
export function namesOf(section: Section): Names {
  const { git, rename, other } = section;
  const [old, now] = [pathOf(section.old), pathOf(section.now)];
  const rest = [...(git ? gitCandidates(git) : []), ...(other === null ? [] : alone(other, false))];
  if (rename.from !== null || rename.to !== null) {
    const [from, to] = [rename.from ?? old ?? git?.[0], rename.to ?? now ?? git?.[1]];
    if (from !== undefined && to !== undefined)
      return { from: alone(from, rename.from === null), paths: alone(to, rename.to === null) };
  }
  const both: [string, string] | null = old !== null && now !== null ? [old, now] : null;
  const pair = both ?? (old === null && now === null ? git : null);
  if (pair && !pair.includes('/dev/null')) {
    const names = paired(...pair);
    if ('from' in names) return { from: names.from, paths: names.to };
    return { from: null, paths: [...new Set([...names.same, ...rest])] };
  }
  const one = old ?? now ?? pair?.find((name) => name !== '/dev/null');
  if (one === undefined) return { from: null, paths: [...new Set(rest)] };
  const plain = git !== null && git[0] === git[1] && git[0] === one;
  const first = alone(one, !plain && (hasPrefixes(git) || /^[ab]\//.test(one)));
  return { from: null, paths: [...new Set([...first, ...rest])] };
}

function gitCandidates(git: [string, string]): string[] {
  if (git.includes('/dev/null'))
    return git.filter((name) => name !== '/dev/null').flatMap((name) => alone(name));
  const names = paired(...git);
  return 'same' in names ? names.same : [];
}

function pathOf(name: Name | null): string | null {
  return name === null || name === 'none' ? null : name.path;
}

/** What a section asks for. `used` counts the hunks of each file so far. */
export function intentOf(
  section: Section,
  used: Map<string, number>,
): { file: FileIntent | null; problems: string[] } {
  const { from, paths } = namesOf(section);
  const name = paths[0] ?? null;
  const of = name === null ? '' : ` of ${name}`;
  const label = `the diff${of}`;
  const numbers = section.hunks.map(() => {
    const number = (used.get(name ?? '') ?? 0) + 1;
    used.set(name ?? '', number);
    return `hunk ${number}${of}`;
  });
  const problems = [...section.unfit].map((what) => `${name ?? 'the diff'}: ${what}`);
  if (section.copied) problems.push(`${name ?? 'the diff'}: copies a file; give the new file whole`);
  const mode = modeOf(section.mode);
  if (mode === 'bad' && section.unfit.size === 0)
    problems.push(`${name ?? 'the diff'}: mode ${section.mode} is not that of a plain file`);
  if (problems.length > 0 || mode === 'bad') return { file: null, problems };
  const { repairs } = section;
  if (isCreation(section)) {
    if (section.now === 'none' || section.deleted)
      return refused(`${label} makes and deletes a file at once`);
    const made = createdText(section.hunks, numbers);
    if ('problem' in made) return refused(made.problem);
    const all = [...repairs, ...made.repairs];
    return { file: { action: 'create', label, paths, text: made.text, mode, repairs: all }, problems: [] };
  }
  const { hunks, problems: bad } = hunksOf(section.hunks, numbers);
  if (bad.length > 0) return { file: null, problems: bad };
  if (section.form === 'delete' || section.deleted || section.now === 'none') {
    const adds = hunks.some((hunk) => hunk.readings[0]!.lines.some((line) => line.op === '+'));
    if (adds) return refused(`${label} deletes the file and adds lines to it`);
    return { file: { action: 'delete', label, paths, hunks, repairs }, problems: [] };
  }
  const isEmpty = hunks.length === 0 && mode === null;
  if (isEmpty && section.rename.to === null) return refused(`${label} has a header and no hunk`);
  if (from !== null)
    return { file: { action: 'rename', label, from, paths, hunks, mode, repairs }, problems: [] };
  return { file: { action: 'edit', label, paths, hunks, mode, repairs }, problems: [] };
}

function refused(problem: string): { file: null; problems: string[] } {
  return { file: null, problems: [problem] };
}

function isCreation(section: Section): boolean {
  if (section.form === 'add' || section.created || section.old === 'none') return true;
  const [hunk, more] = section.hunks;
  if (!hunk?.header || more || section.hasIds || section.deleted || section.now === 'none') return false;
  if (hunk.header.oldStart !== 0 || hunk.header.counts?.old !== 0) return false;
  const { items } = hunk.body;
  return hasChanges(items) && items.every((item) => item.kind === '+' || item.kind === 'blank');
}

/** Any mode by which git or people say that a file is plain. */
function modeOf(mode: string | null): Mode | null | 'bad' {
  if (mode === null) return null;
  const bits = /^(?:100|0)?([0-7])[0-7]{2}$/.exec(mode)?.[1];
  if (bits === undefined) return 'bad';
  return Number(bits) % 2 === 1 ? '100755' : '100644';
}

/** Hunks that only show context stand for what is above the next one, where that has no number; else they say nothing. */
function hunksOf(
  found: readonly FoundHunk[],
  labels: readonly string[],
): { hunks: Hunk[]; problems: string[] } {
  const hunks: Hunk[] = [];
  const problems: string[] = [];
  let leads: Lead[] = [];
  for (const [i, one] of found.entries()) {
    const { items } = one.body;
    const text = one.header?.text ?? null;
    if (one.header !== null && one.header.oldStart !== null) leads = [];
    if (text !== null) leads.push([{ op: ' ', text }]);
    if (!hasChanges(items)) {
      const next = found[i + 1];
      if (!next?.header || next.header.oldStart !== null || leads.length > 20)
        problems.push(
          `${labels[i]!} changes nothing: ${items.length === 0 ? 'it is empty' : 'all its lines are context'}`,
        );
      else if (items.length > 0) leads.push(linesOfItems(items, 'bare'));
      continue;
    }
    hunks.push(hunkOf(one, labels[i]!, leads));
    leads = [];
  }
  return { hunks, problems };
}
