/** A line of a file: `start` and `end` are offsets in the text, `end` behind its line end. `text` is without it and without a byte order mark. */
export interface FileLine {
  text: string;
  eol: '' | '\n' | '\r\n';
  start: number;
  end: number;
  blank: boolean;
}

/** A file as lines, with what new lines have to follow. */
export interface FileText {
  text: string;
  lines: readonly FileLine[];
  /** The commoner line end; `\n` where there is none. */
  eol: '\n' | '\r\n';
  /** What indents: 'mixed' where both do, null where too few lines are indented to tell. */
  indents: 'tabs' | 'spaces' | 'mixed' | null;
  trailingBlanks: boolean;
  /** Keys of all lines under a rung, made when first asked. */
  keyed: Map<string, Keyed>;
}

export interface Keyed {
  keys: readonly string[];
  /** File lines that the keys stand for: all, or those that are not blank. */
  at: readonly number[];
  /** Positions in `keys` by key. */
  places: ReadonlyMap<string, readonly number[]>;
}

/** Fewer indented lines than this say nothing about how a file is indented. */
const ENOUGH_INDENTED = 3;

export function fileText(text: string): FileText {
  const lines: FileLine[] = [];
  let crlf = 0;
  let tabs = 0;
  let spaces = 0;
  let trailingBlanks = false;
  for (let start = text.startsWith('\ufeff') ? 1 : 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    const eol = newline === -1 ? '' : newline > start && text[newline - 1] === '\r' ? '\r\n' : '\n';
    const line = text.slice(start, end - eol.length);
    const blank = line.trim() === '';
    lines.push({ text: line, eol, start, end, blank });
    if (eol === '\r\n') crlf++;
    if (/[ \t]$/.test(line)) trailingBlanks = true;
    // one space before a star is how comments go on, not an indentation
    if (line.startsWith('\t')) tabs++;
    else if (line.startsWith('  ') && !blank) spaces++;
    start = end;
  }
  const indents =
    tabs + spaces < ENOUGH_INDENTED ? null : spaces === 0 ? 'tabs' : tabs === 0 ? 'spaces' : 'mixed';
  return {
    text,
    lines,
    eol: crlf * 2 > lines.length ? '\r\n' : '\n',
    indents,
    trailingBlanks,
    keyed: new Map(),
  };
}

/** The white space that a line starts with. */
export function indentOf(text: string): string {
  let i = 0;
  while (i < text.length && (text[i] === ' ' || text[i] === '\t')) i++;
  return text.slice(0, i);
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}
