import { fencesIn, type Fence } from './fences.ts';
import { namesOfLine } from './names.ts';

/** A file between marks of its own; `start` and `end` are the lines with the marks. */
export interface Marked {
  start: number;
  end: number;
  names: string[];
  text: string;
  cut: boolean;
}

const OPEN =
  /^[ \t]*<(file|document|source_file|new_file|file_content|create_file|write_file|write_to_file|boltAction|dyad-write|lov-write)(\s[^>]*)?>(.*)$/i;
const ATTRIBUTE = /\b(?:path|file|filename|file_?path|name|src|source)\s*=\s*(?:"([^"]+)"|'([^']+)')/i;
const CHILD = /^\s*<(?:path|source|name|filename|file_?path)>([^<]*)<\/\w+>\s*$/i;
const CONTENT = /^\s*<(content|contents|document_contents?|file_content|code)>(.*)$/i;
const MAX_HEAD = 4;
const MAX_LINE = 2000;
const MAX_BLOCKS = 500;

interface Open {
  tag: string;
  name: string;
  /** Text behind the opening tag on its line, and the index of the next line. */
  first: string;
  from: number;
}

/** `<file path="…">…</file>` and its kin, outside of fences that are files themselves. */
export function elementsIn(
  lines: readonly string[],
  files: readonly Fence[],
): { blocks: Marked[]; problems: string[] } {
  const blocks: Marked[] = [];
  const problems: string[] = [];
  let next = 0;
  let outer = '';
  /** How many ends of the outer element may still follow. */
  let ends = 0;
  for (let i = 0; i < lines.length; i++) {
    while (next < files.length && files[next]!.end < i) next++;
    if (next < files.length && files[next]!.start <= i) continue;
    const open = openAt(lines, i);
    if (open === null) {
      // One end more than there should be: the one that was taken was within the file.
      const last = blocks.at(-1);
      if (last !== undefined && closes(lines[i]!, outer) && --ends < 0)
        problems.push(`it cannot be told where ${last.names[0]} ends: </${outer}> stands there twice`);
      continue;
    }
    if (blocks.length === MAX_BLOCKS) {
      problems.push(`more than ${MAX_BLOCKS} files`);
      break;
    }
    outer = OPEN.exec(lines[i]!)![1]!;
    ends = open.tag === outer ? 0 : 1;
    const block = elementAt(lines, i, open);
    blocks.push(block);
    i = block.end;
  }
  return { blocks, problems };
}

function closes(line: string, tag: string): boolean {
  return line.length < MAX_LINE && line.trim().toLowerCase() === `</${tag.toLowerCase()}>`;
}

function openAt(lines: readonly string[], i: number): Open | null {
  const line = lines[i]!;
  if (line.length > MAX_LINE) return null;
  const tag = OPEN.exec(line);
  if (tag === null || tag[2]?.trimEnd().endsWith('/') === true) return null;
  const attribute = ATTRIBUTE.exec(tag[2] ?? '');
  let name = attribute?.[1] ?? attribute?.[2] ?? null;
  let open = { tag: tag[1]!, first: tag[3]!, from: i + 1 };
  for (let j = i + 1; j < Math.min(lines.length, i + 1 + MAX_HEAD) && open.first.trim() === ''; j++) {
    const inner = lines[j]!.slice(0, MAX_LINE);
    const child = CHILD.exec(inner);
    const content = CONTENT.exec(inner);
    if (content !== null) {
      open = { tag: content[1]!, first: content[2]!, from: j + 1 };
      break;
    }
    if (child === null || name !== null) break;
    name = child[1]!.trim();
    open = { ...open, from: j + 1 };
  }
  if (name === null || name.trim() === '') return null;
  return { ...open, name: name.trim().replace(/^(?:\.\/)+/, '') };
}

function elementAt(lines: readonly string[], start: number, open: Open): Marked {
  const close = `</${open.tag}>`.toLowerCase();
  let end = open.first.trimEnd().toLowerCase().endsWith(close) ? start : open.from;
  while (end > start && end < lines.length && !endsWith(lines[end]!, close)) end++;
  const inner = end === start ? [] : lines.slice(open.from, end);
  const without = (line: string): string => line.trimEnd().slice(0, -close.length);
  const first = end === start ? without(open.first) : open.first;
  if (first.trim() !== '') inner.unshift(first);
  if (end > start && end < lines.length && without(lines[end]!).trim() !== '')
    inner.push(without(lines[end]!));
  return { start, end, names: [open.name], text: textOf(inner), cut: end >= lines.length };
}

function endsWith(line: string, close: string): boolean {
  const text = line.trimEnd();
  return text.length >= close.length && text.slice(-close.length).toLowerCase() === close;
}

/** The text of an element or a section: what the one fence or CDATA in it holds, or all of it. */
function textOf(inner: readonly string[]): string {
  let lines = [...inner];
  const [first, last] = [lines.findIndex(isSaid), lines.findLastIndex(isSaid)];
  if (first === -1) return '';
  const [fence] = fencesIn(lines.slice(first, last + 1));
  if (fence !== undefined && fence.start === 0 && fence.closed && fence.end === last - first)
    lines = fence.lines;
  else if (lines[first]!.trim().startsWith('<![CDATA[') && lines[last]!.trimEnd().endsWith(']]>')) {
    lines = lines.slice(first, last + 1);
    lines[0] = lines[0]!.trimStart().slice('<![CDATA['.length);
    lines.push(lines.pop()!.trimEnd().slice(0, -']]>'.length));
    if (!isSaid(lines[0]!)) lines.shift();
    if (lines.length > 0 && !isSaid(lines.at(-1)!)) lines.pop();
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function isSaid(line: string): boolean {
  return line.trim() !== '';
}

const SEPARATOR = /^[ \t]*(={3,}|-{3,}|#{3,}|\*{3,})[ \t]*(\S.*)$/;
/** A sentence for people; in code and data such a line is rare. */
const SENTENCE = /^(?:[A-Z][a-z']*|I'm|I've|I)(?: [\w`'"(),.:/-]+){2,}[.!?:]$/;

/** Files between lines such as `=== src/a.js ===` or `--- src/a.js ---`. */
export function sectionsIn(
  lines: readonly string[],
  fences: readonly Fence[],
): { blocks: Marked[]; problems: string[] } {
  const blocks: Marked[] = [];
  const problems: string[] = [];
  let open: { at: number; names: string[] } | null = null;
  const finish = (end: number, marked: boolean): void => {
    if (open === null) return;
    const inner = withoutAir(lines.slice(open.at + 1, end));
    const tail = inner.at(-1) ?? '';
    // With nothing to mark its end, what the answer says last would become part of the file.
    if (!marked && tail.length < 400 && SENTENCE.test(tail.trim()))
      problems.push(
        `it cannot be told whether the last lines belong to ${open.names[0]}; put the file into a fence`,
      );
    blocks.push({ start: open.at, end, names: open.names, text: textOf(inner), cut: false });
    open = null;
  };
  let next = 0;
  for (const [i, line] of lines.entries()) {
    if (next < fences.length && fences[next]!.end === i) {
      if (open !== null && open.at > fences[next]!.start) finish(i, true);
      next++;
      continue;
    }
    const mark = separator(line);
    if (mark === null) continue;
    finish(i, true);
    if (mark !== 'end') open = { at: i, names: mark };
  }
  finish(lines.length, false);
  return { blocks, problems };
}

/** The names on a separator; `end` for one that ends a file. */
function separator(line: string): string[] | 'end' | null {
  if (line.length > 500) return null;
  const found = SEPARATOR.exec(line);
  if (found === null) return null;
  const text = found[2]!.trimEnd();
  const mark = found[1]![0]!;
  if (!text.endsWith(mark.repeat(3))) return null;
  let end = text.length;
  while (end > 0 && text[end - 1] === mark) end--;
  const inner = text.slice(0, end).trim();
  if (/^(?:end|eof|end of file|end file)\b/i.test(inner)) return 'end';
  const { names, direct } = namesOfLine(inner);
  return direct && names.length > 0 ? names : null;
}

function withoutAir(lines: readonly string[]): string[] {
  let [start, end] = [0, lines.length];
  while (start < end && !isSaid(lines[start]!)) start++;
  while (end > start && !isSaid(lines[end - 1]!)) end--;
  return lines.slice(start, end);
}
