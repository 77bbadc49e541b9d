import { headAt, type Source } from './unified-lines.ts';
import { gitNames, nameOf } from './unified-names.ts';
import { newSection, type Section } from './unified-section.ts';

const MODE = /^(old|new|new file|deleted file) mode (\d{3,6})\s*$/;
const MOVE = /^(rename|copy) (from|to) (.+)$/;
const IDS = /^index ([0-9a-f]{4,64})(?:,[0-9a-f]{4,64})*\.\.([0-9a-f]{4,64})(?: (\d{6}))?\s*$/;
const CODEX = /^\*\*\* (Update|Add|Delete) File:\s*(.*)$/;
const LINK = 'a symbolic link; only plain files are changed';
const BINARY = 'a binary file; only text is changed';

/**
 * Reads one line of a file's header other than `---` and `+++`. Returns the section that it belongs to, which is a new
 * one where it begins one; null where the line is no such line.
 */
export function readHeaderLine(source: Source, i: number, current: Section | null): Section | null {
  const head = headAt(source, i);
  const open = current?.hunks.length === 0 ? current : null;
  switch (head[0]) {
    case 'd':
      return head.startsWith('diff ') ? readDiff(head) : readMode(head, open);
    case 'o':
    case 'n':
      return readMode(head, open);
    case 'r':
    case 'c':
      return readMove(source, i, open);
    case 'i':
      return readIds(head, open);
    case 'I':
      return readIndexed(source, i);
    case 'G':
    case 'B':
      return readBinary(head, open);
    case '*':
      return readCodex(head, current);
    default:
      return /^(?:dis)?similarity index \d/.test(head) ? open : null;
  }
}

function readDiff(head: string): Section | null {
  const section = newSection();
  if (head.startsWith('diff --git ')) {
    section.git = gitNames(head.slice('diff --git '.length));
    return section;
  }
  const merged = /^diff --(?:cc|combined) (.+)$/.exec(head)?.[1];
  if (merged === undefined) return null;
  section.other = merged;
  section.unfit.add('a combined diff of a merge; give the diff to one parent');
  return section;
}

function readMode(head: string, open: Section | null): Section | null {
  const match = MODE.exec(head);
  if (!match) return null;
  const [, which, mode] = match;
  const section = open ?? newSection();
  if (which === 'new file') section.created = true;
  if (which === 'deleted file') section.deleted = true;
  if (which === 'new' || which === 'new file') section.mode = mode!;
  fitMode(section, mode!);
  return section;
}

function fitMode(section: Section, mode: string): void {
  if (mode === '120000') section.unfit.add(LINK);
  if (mode === '160000') section.unfit.add('a submodule; only plain files are changed');
}

function readMove(source: Source, i: number, open: Section | null): Section | null {
  const match = MOVE.exec(headAt(source, i));
  if (!match) return null;
  const [, verb, side, raw] = match;
  const name = nameOf(raw!);
  if (name === null || name === 'none') return null;
  // Without a header above, one line alone may be prose.
  if (open === null && !(side === 'from' && headAt(source, i + 1).startsWith(`${verb} to `))) return null;
  const section = open ?? newSection();
  if (verb === 'copy') section.copied = true;
  section.rename[side as 'from' | 'to'] = name.path;
  return section;
}

function readIds(head: string, open: Section | null): Section | null {
  const match = IDS.exec(head);
  if (!match || open === null) return null;
  if (/^0+$/.test(match[1]!)) open.created = true;
  if (/^0+$/.test(match[2]!)) open.deleted = true;
  open.hasIds = true;
  if (match[3] !== undefined) fitMode(open, match[3]);
  return open;
}

function readIndexed(source: Source, i: number): Section | null {
  if (!headAt(source, i).startsWith('Index: ') || !headAt(source, i + 1).startsWith('=====')) return null;
  const section = newSection();
  const name = nameOf(headAt(source, i).slice('Index: '.length));
  section.other = name === null || name === 'none' ? null : name.path;
  return section;
}

function readBinary(head: string, open: Section | null): Section | null {
  const files = /^Binary files (.+) and (.+) differ$/.exec(head);
  if (!files && head !== 'GIT binary patch') return null;
  const section = open ?? newSection();
  if (files && open === null) section.other = files[2]!;
  section.unfit.add(BINARY);
  return section;
}

/** OpenAI's form. `*** Begin Patch` and the like only end what is above. */
function readCodex(head: string, current: Section | null): Section | null {
  const match = CODEX.exec(head);
  if (match) {
    const section = newSection(match[1]!.toLowerCase() as 'update' | 'add' | 'delete');
    const name = nameOf(match[2]!);
    section.other = name === null || name === 'none' ? null : name.path;
    return section;
  }
  const to = /^\*\*\* Move to:\s*(.*)$/.exec(head)?.[1];
  if (to === undefined || current?.form !== 'update') return null;
  const name = nameOf(to);
  if (name === null || name === 'none') return null;
  current.rename = { from: current.other, to: name.path };
  return current;
}
