/**
 * What an answer asks for, before anybody looked where it fits: the form in which all readers (`read/`) hand over to
 * `place/`. All texts are untrusted. Lines are without their line ends.
 */

/** One thing that was made good, or understood although it was not said as it should be. */
export interface Repair {
  /** Short and stable, for counting: `hunk-counts`, `indentation`, `blank-lines`. */
  fault: Fault;
  /** For people: "recounted hunk 2 of src/a.js". */
  text: string;
}

export type Fault =
  | 'hunk-counts' // line counts of an @@ header are wrong or missing
  | 'hunk-line' // its line number is wrong or missing
  | 'hunk-prefix' // context lines without their leading space
  | 'file-name' // prefix, case or folders of a name; a name found elsewhere
  | 'line-ends'
  | 'trailing-blanks'
  | 'indentation'
  | 'blank-lines'
  | 'inner-blanks' // white space inside of lines
  | 'end-of-file' // newline at the end
  | 'elision'
  | 'context' // some context lines are not those of the file
  | 'part-of-line'
  | 'escapes'
  | 'json-syntax'
  | 'line-numbers-in-text'
  | 'header' // a diff's file header is incomplete
  | 'already-there'
  | 'duplicate'
  | 'left-out'; // a tool's fix that it marks as unsafe

export interface HunkLine {
  /** Context is kept as the file has it; `…` stands for any lines, none included, that are kept. */
  op: ' ' | '-' | '+' | '…';
  text: string;
  /** `\ No newline at end of file` stood below it. */
  noNewline?: true;
}

export interface Reading {
  lines: HunkLine[];
  /** What reading it this way means. */
  repairs: Repair[];
}

export interface Hunk {
  /** For messages: `edit 3`, `hunk 2`. */
  label: string;
  /** The ways to read its text, the most literal first; a later one counts only where the ones before fit nowhere. At least one. */
  readings: Reading[];
  /** Lines, from 1, at which it says it starts before and after; null where it says nothing. */
  oldStart: number | null;
  newStart: number | null;
  /** The header's counts are those of the lines. False for forms that have none. */
  counted: boolean;
  /** The two texts as given, where they may be part of a line: search/replace forms. */
  literal?: { search: string; replace: string };
}

/** A range as a tool gives it. */
export interface Range {
  label: string;
  /** Offsets (UTF-16 code units) in the file's text, byte order mark included; a refusal where it cannot be told. */
  locate(text: string): { start: number; end: number } | { refusal: string };
  text: string;
  /** The text of the whole file that the tool saw, where it says so: another one now is a refusal. */
  seen?: string;
}

/** What is asked of one file. `paths` are names as the answer gives them, the likeliest first; empty if it names none. */
export type FileIntent = { label: string; repairs: Repair[] } & (
  | { action: 'edit'; paths: string[]; hunks: Hunk[]; mode: Mode | null }
  | { action: 'create'; paths: string[]; text: string; mode: Mode | null }
  /** `hunks` are what the diff says that the file holds; may be empty. */
  | { action: 'delete'; paths: string[]; hunks: Hunk[] }
  | { action: 'rename'; from: string[]; paths: string[]; hunks: Hunk[]; mode: Mode | null }
  /** The file as it should be, whole, elisions (`…`) allowed. `literal`: the text was in a form that keeps its end exactly. */
  | { action: 'whole'; paths: string[]; text: string; literal: boolean; cut: boolean }
  | { action: 'ranges'; paths: string[]; ranges: Range[] }
);

export type Mode = '100644' | '100755';

export type Form =
  | 'search-replace'
  | 'diff'
  | 'whole-file'
  | 'json'
  | 'eslint'
  | 'ruff'
  | 'semgrep'
  | 'sarif';

export interface Answer {
  form: Form;
  files: FileIntent[];
  /** What could not be read, for whoever wrote the answer. With one, nothing is applied. */
  problems: string[];
}
