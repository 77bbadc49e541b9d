import { namesOfFence, namesOfLine } from './names.ts';

/** A fenced block of an answer. */
export interface Fence {
  info: string;
  /** Its content, without the indentation of the fence. */
  lines: string[];
  /** Up to four lines of prose above it that are not blank, the nearest first. */
  above: string[];
  closed: boolean;
  /** White space in front of the fence. */
  indent: string;
  /** Indexes of the lines with its opening and closing marks; the count of all lines where it never closes. */
  start: number;
  end: number;
}

const MAX_ABOVE = 4;
const MARK = /^([ \t]*)(`{3,}|~{3,})(.*)$/;

interface Mark {
  indent: string;
  marks: string;
  info: string;
}

/**
 * The fenced blocks of an answer, as CommonMark has them, but for two things that models do: a fence may be indented as
 * deep as it likes, and in a fence for Markdown another one with a language opens and the next bare one closes that.
 */
export function fencesOf(answer: string): Fence[] {
  return fencesIn(answerLines(answer));
}

/** An answer's lines without their line ends. */
export function answerLines(answer: string): string[] {
  return answer.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

/** As `fencesOf`, of lines. */
export function fencesIn(lines: readonly string[]): Fence[] {
  const fences: Fence[] = [];
  let above: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const mark = markOf(line);
    if (mark === null) {
      if (line.trim() !== '') above = [line, ...above].slice(0, MAX_ABOVE);
      continue;
    }
    const end = endOf(lines, i, mark, holdsMarkdown(mark.info, above));
    fences.push({
      info: mark.info,
      lines: lines.slice(i + 1, end).map((inner) => outdented(inner, mark.indent)),
      above,
      closed: end < lines.length,
      indent: mark.indent,
      start: i,
      end,
    });
    i = end;
    above = [];
  }
  return fences;
}

function markOf(line: string): Mark | null {
  const found = MARK.exec(line);
  if (found === null) return null;
  const info = found[3]!.trim();
  // Text between backticks on one line is code within a sentence.
  if (found[2]!.startsWith('`') && info.includes('`')) return null;
  return { indent: found[1]!, marks: found[2]!, info };
}

function endOf(lines: readonly string[], start: number, open: Mark, nested: boolean): number {
  let depth = 0;
  for (let i = start + 1; i < lines.length; i++) {
    const mark = markOf(lines[i]!);
    if (mark === null || mark.marks[0] !== open.marks[0] || mark.marks.length < open.marks.length) continue;
    // Deeper ones are content: a docstring's, a list's.
    if (width(mark.indent) > width(open.indent) + 3) continue;
    if (mark.info !== '') {
      if (nested) depth++;
    } else if (depth > 0) depth--;
    else return i;
  }
  return lines.length;
}

function width(indent: string): number {
  let columns = 0;
  for (const mark of indent) columns += mark === '\t' ? 4 : 1;
  return columns;
}

function outdented(line: string, indent: string): string {
  let i = 0;
  while (i < indent.length && (line[i] === ' ' || line[i] === '\t')) i++;
  return line.slice(i);
}

/** The file that a fence is for is Markdown, by its language or its name. */
function holdsMarkdown(info: string, above: readonly string[]): boolean {
  if (/^(?:md|mdx|markdown)\b/i.test(info)) return true;
  const nearest = above[0] === undefined ? [] : namesOfLine(above[0]).names;
  return [...namesOfFence(info), ...nearest].some((name) => /\.(?:md|mdx|markdown)$/i.test(name));
}
