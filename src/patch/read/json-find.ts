import { answerLines, fencesOf } from './fences.ts';
import { mentionsEdits } from './json-words.ts';

/** A text that should be one JSON value, and all that stands from its start on, in case its end was taken wrongly. */
export interface Candidate {
  text: string;
  rest: string;
}

const MAX_VALUES = 200;
/** Brackets that never close cost a look at all that follows. */
const MAX_UNCLOSED = 20;

/**
 * The JSON values of an answer, in order: the answer itself, else its fences, else what stands between prose. All of
 * them, since an answer may give one edit each; which of them are edits is not known yet.
 */
export function valuesIn(answer: string): Candidate[] {
  const all = answer.trim();
  if (/^[[{]/.test(all) && (isJson(all) || linesOf(all) !== null)) return [{ text: all, rest: all }];
  if (/^[[{]/.test(all)) return between(all);
  const fences = fencesOf(answer);
  const inside = fences.flatMap((fence): Candidate[] => {
    const text = fence.lines.join('\n').trim();
    if (!/^[[{]/.test(text)) return [];
    if (isJson(text) || linesOf(text) !== null) return [{ text, rest: text }];
    return mentionsEdits(text) ? between(text) : [];
  });
  if (inside.length === 0) return between(all);
  const lines = answerLines(answer).filter(
    (_, i) => !fences.some(({ start, end }) => i >= start && i <= end),
  );
  const outside = between(lines.join('\n')).filter(({ text }) => isJson(text));
  return [...inside, ...outside].slice(0, MAX_VALUES);
}

/** One JSON value a line, as some tools print. */
export function linesOf(text: string): unknown[] | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 2 || !lines.every((line) => line.trim().startsWith('{') && line.trim().endsWith('}')))
    return null;
  try {
    return lines.map((line): unknown => JSON.parse(line));
  } catch {
    return null;
  }
}

/** Values with something else around them. One that is not valid JSON and has edits takes all that follows: where it ends is not certain. */
function between(text: string): Candidate[] {
  const found: Candidate[] = [];
  let unclosed = 0;
  for (let at = nextValue(text, 0); at !== -1 && found.length < MAX_VALUES;) {
    const end = endOf(text, at);
    const value = end === null ? null : text.slice(at, end);
    if (value !== null && end !== null && (isJson(value) || !mentionsEdits(value))) {
      if (isJson(value)) found.push({ text: value, rest: value });
      at = nextValue(text, end);
      continue;
    }
    const rest = text.slice(at);
    if (mentionsEdits(rest)) {
      found.push({ text: value ?? rest, rest });
      break;
    }
    if (++unclosed > MAX_UNCLOSED) break;
    at = nextValue(text, at + 1);
  }
  return found;
}

/** The next bracket that looks as if it opens JSON. */
function nextValue(text: string, from: number): number {
  const bracket = /\{\s{0,200}(?=["'}/#]|[A-Za-z_]\w{0,40}\s{0,20}:)|\[\s{0,200}(?=["'{[\]/#])/g;
  bracket.lastIndex = from;
  return bracket.exec(text)?.index ?? -1;
}

/** Behind the bracket that closes the one at an offset; null where none does. */
function endOf(text: string, from: number): number | null {
  let depth = 0;
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const char = text[i]!;
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1;
  }
  return null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
