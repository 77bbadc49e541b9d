import type { FileIntent, Form } from '../intent.ts';
import { intentsOf } from './json-edits.ts';
import { linesOf, valuesIn, type Candidate } from './json-find.ts';
import { parseLenient, parseStrict, type Node, type Parsed } from './json-text.ts';
import { EDIT_KEYS, mentionsEdits } from './json-words.ts';
import type { ToolRead } from './tools/read.ts';
import { readTool } from './tools/registry.ts';

export interface JsonRead {
  files: FileIntent[];
  problems: string[];
  found: boolean;
  form: Form;
  /** Texts of members that should hold a diff. */
  nested: string[];
}

const CUT = 'the JSON ends too early; it was cut off, or a quote in it is not escaped';
const UNREADABLE =
  'the JSON cannot be read; escape quotes and line ends in its texts, or use search/replace blocks';

/** Edits, whole files or a tool's findings as JSON, with prose and fences around it, in strict JSON or what models make of it. */
export function readJson(answer: string): JsonRead {
  const tools: ToolRead[] = [];
  const nodes: Node[] = [];
  const problems: string[] = [];
  let mended = false;
  for (const candidate of valuesIn(answer)) {
    const tool = toolIn(candidate.text);
    if (tool !== null) {
      tools.push(tool);
      continue;
    }
    const parsed = parse(candidate);
    if (typeof parsed === 'string') problems.push(parsed);
    else if (parsed !== null) {
      nodes.push(parsed.node);
      mended ||= parsed.mended;
    }
  }
  const edits = intentsOf(nodes);
  const [first] = edits.files;
  if (mended && first !== undefined)
    first.repairs.push({ fault: 'json-syntax', text: 'mended the syntax of the JSON' });
  const files = [...tools.flatMap((tool) => tool.files), ...edits.files];
  problems.push(...tools.flatMap((tool) => tool.problems), ...edits.problems);
  const found = files.length + problems.length + edits.nested.length > 0;
  return { files, problems, found, form: tools[0]?.form ?? 'json', nested: edits.nested };
}

/** The value, or what is wrong with it; null for one that is no JSON and has nothing of edits. */
function parse({ text, rest }: Candidate): Parsed | string | null {
  const strict = parseStrict(text) ?? parseLines(text);
  if (strict !== null) return strict;
  if (!mentionsEdits(rest)) return null;
  let problem = UNREADABLE;
  // Prose behind it may hold brackets too.
  for (const one of new Set([upToBracket(rest), upToClosingLine(rest), text])) {
    const lenient = parseLenient(one, EDIT_KEYS);
    if (lenient === 'cut') problem = CUT;
    else if (lenient !== null) return mentionsEdits(rest.slice(one.length)) ? UNREADABLE : lenient;
  }
  return problem;
}

function upToBracket(text: string): string {
  return text.slice(0, Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1);
}

/** Up to the last line that only closes brackets. */
function upToClosingLine(text: string): string {
  for (let end = text.length; end > 0;) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const line = text.slice(start, end).trim();
    if (/^[\]};]+$/.test(line)) return text.slice(0, end);
    end = start - 1;
  }
  return text;
}

function toolIn(text: string): ToolRead | null {
  try {
    return readTool(JSON.parse(text));
  } catch {
    const lines = linesOf(text);
    return lines === null ? null : readTool(lines);
  }
}

function parseLines(text: string): Parsed | null {
  const values = linesOf(text);
  if (values === null) return null;
  const parts = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join(',');
  return parseStrict(`[${parts}]`);
}
