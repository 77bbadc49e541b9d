import { MAX_FILE_BYTES } from '../paths.ts';
import { codeError } from '../syntax.ts';
import { examineJson, examineToml, examineYaml } from './data-formats.ts';
import { examinerOf, jsonDialect } from './languages.ts';
import type { Examined, Fault } from './tree-faults.ts';
import { parseWith } from './tree-sitter.ts';

/** The language that a file is examined as; null for names of none that we know. */
export function syntaxOf(path: string): string | null {
  return examinerOf(path)?.language ?? null;
}

/** What does not parse, with its line from 1. Null if it parses, its language is not known, or it could not be examined. */
export async function syntaxError(path: string, text: string): Promise<Fault | null> {
  const examined = await examine(path, text, 'loose');
  return typeof examined === 'string' ? null : examined;
}

/**
 * The rule that a file which parsed must parse after a change: null if it is kept, the file is new or goes, or nothing
 * can be said; else where and why it does not.
 */
export async function brokenBy(
  path: string,
  before: string | null,
  after: string | null,
): Promise<string | null> {
  if (before === null || after === null || before === after) return null;
  // what was plain JSON has to stay it; what had comments before need only be JSON with comments
  for (const reading of examinerOf(path)?.by === 'json'
    ? (['named', 'loose'] as const)
    : (['named'] as const)) {
    const now = await examine(path, after, reading);
    if (typeof now === 'string') return null;
    if ((await examine(path, before, reading)) === 'parses')
      return `${path}:${now.line}: does not parse after the change: ${now.message}`;
  }
  return null;
}

/** For a file that was not there before, whose mistakes `brokenBy` does not tell: null, or where and why it does not parse. */
export async function doesNotParse(path: string, text: string): Promise<string | null> {
  const error = await syntaxError(path, text);
  return error === null ? null : `${path}:${error.line}: does not parse: ${error.message}`;
}

/** `loose`: whatever a file named `.json` may hold by its name, comments and spare commas are fine in it. */
async function examine(path: string, text: string, reading: 'named' | 'loose'): Promise<Examined> {
  const examiner = examinerOf(path);
  if (examiner === null || text.length > MAX_FILE_BYTES) return 'unknown';
  switch (examiner.by) {
    case 'tree-sitter':
      return parseWith(examiner.grammar, text);
    case 'json': {
      const dialect = jsonDialect(path);
      if (dialect === 'json5') return examineCode('x.js', `(${text}\n)`); // all of JSON5 is an expression of JavaScript
      return examineJson(text, dialect === 'comments' || reading === 'loose');
    }
    case 'yaml':
      return examineYaml(text);
    case 'toml':
      return examineToml(text);
    case 'code':
      return examineCode(path, text);
  }
}

function examineCode(path: string, text: string): Examined {
  const error = codeError(path, text);
  return error === null
    ? 'parses'
    : { line: error.line, message: error.message.split('\n', 1)[0]!.slice(0, 200) };
}
