import type { Answer, FileIntent, Form } from '../intent.ts';
import { readJson } from './json.ts';
import { readSearchReplace } from './search-replace.ts';
import { readUnified } from './unified.ts';
import { readWhole } from './whole.ts';

/** What one reader made of an answer; `found`: the answer holds something of its form. */
interface Read {
  files: FileIntent[];
  problems: string[];
  found: boolean;
}

/**
 * Finds out in which form an answer is and reads it: search/replace blocks, JSON (edits, or a tool's findings), a unified
 * diff, whole files. The marks of the first two are not mistaken for anything else; a fence with a name may be any file.
 */
export function readAnswer(answer: string): Answer | null {
  const text = answer.startsWith('\ufeff') ? answer.slice(1) : answer;
  const blocks = readSearchReplace(text);
  if (blocks.found) return as('search-replace', blocks);
  if (beginsAsJson(text)) {
    const json = fromJson(text);
    if (json !== null) return json;
  }
  const diff = readUnified(text);
  if (diff.found) return as('diff', diff);
  const whole = readWhole(text);
  if (whole.found && whole.files.some((file) => file.paths.length > 0)) return as('whole-file', whole);
  const json = fromJson(text);
  if (json !== null) return json;
  return whole.found ? as('whole-file', whole) : null;
}

function as(form: Form, { files, problems }: Read): Answer {
  return { form, files, problems };
}

/** The text is JSON, or its first fence without a file's name is. */
function beginsAsJson(text: string): boolean {
  if (/^\s*[[{]/.test(text)) return true;
  const fence = /(?:^|\n)[ \t]*(?:`{3,}|~{3,})[ \t]*(?:jsonc?|json5|jsonl|JSON)?[ \t]*\r?\n\s*[[{]/.exec(
    text,
  );
  return fence !== null && !/\n(?:@@|diff --git|--- )/.test(text.slice(0, fence.index));
}

/** A diff may be a member of a JSON value. */
function fromJson(text: string): Answer | null {
  const json = readJson(text);
  if (!json.found) return null;
  const { form } = json;
  const files = [...json.files];
  const problems = [...json.problems];
  for (const nested of json.nested) {
    const blocks = readSearchReplace(nested);
    const read = blocks.found ? blocks : readUnified(nested);
    if (!read.found) problems.push('a member of the JSON that should hold a diff holds none');
    files.push(...read.files);
    problems.push(...read.problems);
  }
  return { form, files, problems };
}
