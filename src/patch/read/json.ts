import type { FileIntent, Form } from '../intent.ts';
import { fencesOf } from './fences.ts';
import { isEditKey, EDIT_KEYS, intentsOf } from './json-edits.ts';
import { parseLenient, parseStrict, type Parsed } from './json-text.ts';
import { readTool } from './tools/registry.ts';

export interface JsonRead {
  files: FileIntent[];
  problems: string[];
  found: boolean;
  form: Form;
  /** Texts of members that should hold a diff. */
  nested: string[];
}

const NONE: JsonRead = { files: [], problems: [], found: false, form: 'json', nested: [] };

/** Edits, whole files or a tool's findings as JSON, with prose and fences around it, in strict JSON or what models make of it. */
export function readJson(answer: string): JsonRead {
  const texts = candidates(answer);
  for (const text of texts) {
    const tool = toolIn(text);
    if (tool !== null) return { ...tool, found: true, nested: [] };
    const strict = parseStrict(text) ?? parseLines(text);
    const read = strict === null ? null : readEdits(strict);
    if (read !== null) return read;
  }
  for (const text of texts) {
    if (!mentionsEdits(text)) continue;
    const lenient = parseLenient(text, EDIT_KEYS);
    if (lenient === 'cut')
      return {
        ...NONE,
        found: true,
        problems: ['the JSON ends too early; it was cut off, or a quote in it is not escaped'],
      };
    const read = lenient === null ? null : readEdits(lenient);
    if (read !== null) return read;
    if (lenient === null && /^\s*[[{]/.test(text))
      return {
        ...NONE,
        found: true,
        problems: [
          'the JSON cannot be read; escape quotes and line ends in its texts, or use search/replace blocks',
        ],
      };
  }
  return NONE;
}

function readEdits(parsed: Parsed): JsonRead | null {
  const read = intentsOf(parsed.node);
  if (read.files.length === 0 && read.nested.length === 0 && read.problems.length === 0) return null;
  const [first] = read.files;
  if (parsed.mended && first !== undefined)
    first.repairs.push({ fault: 'json-syntax', text: 'mended the syntax of the JSON' });
  return { ...read, found: true, form: 'json' };
}

function toolIn(text: string): ReturnType<typeof readTool> {
  try {
    return readTool(JSON.parse(text));
  } catch {
    const lines = jsonLines(text);
    return lines === null ? null : readTool(lines);
  }
}

/** One JSON value a line, as some tools print. */
function jsonLines(text: string): unknown[] | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 2 || !lines.every((line) => /^\s*\{.*\}\s*$/.test(line))) return null;
  try {
    return lines.map((line): unknown => JSON.parse(line));
  } catch {
    return null;
  }
}

function parseLines(text: string): Parsed | null {
  const values = jsonLines(text);
  return values === null ? null : parseStrict(JSON.stringify(values));
}

/** Texts that may be the JSON: the answer, its fences, what stands between the first and the last bracket. */
function candidates(answer: string): string[] {
  const texts = [answer.trim()];
  for (const fence of fencesOf(answer)) {
    const text = fence.lines.join('\n').trim();
    if (/^[[{]/.test(text)) texts.push(text);
  }
  for (const [open, close] of [
    ['{', '}'],
    ['[', ']'],
  ] as const) {
    const from = answer.indexOf(open);
    const to = answer.lastIndexOf(close);
    if (from !== -1 && to > from) texts.push(answer.slice(from, to + 1));
    if (from !== -1 && to <= from && /^\s*[[{]/.test(answer)) texts.push(answer.slice(from));
  }
  return [...new Set(texts)].filter((text) => /^[[{]/.test(text)).slice(0, 20);
}

function mentionsEdits(text: string): boolean {
  let found = 0;
  for (const [, key] of text.matchAll(/["']?([\w-]{1,40})["']?\s{0,20}:/g))
    if (isEditKey(key!) && ++found >= 2) return true;
  return false;
}
