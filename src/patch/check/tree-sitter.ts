import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Language, Parser, Tree } from '@vscode/tree-sitter-wasm';
import { linesOf } from '../diff.ts';
import { BEYOND } from './beyond-grammar.ts';
import type { Grammar } from './languages.ts';
import { bracketFault, firstErrorNode, type Examined, type Fault } from './tree-faults.ts';

type Runtime = typeof import('@vscode/tree-sitter-wasm');

/** Ordinary files take a few milliseconds; to go on after many errors can take quadratic time. */
const PARSE_MS = 1500;
/** Telling what was refused needs a second parse that reports each step, so it takes many times as long. */
const EXPLAIN_MS = 500;

const require = createRequire(import.meta.url);
const languages = new Map<string, Promise<Language>>();
let runtime: Promise<Runtime> | undefined;
/** A parser that its own fault stopped may have left the memory, which all of them share, in any state. */
let broken = false;

/**
 * Parses a text with a grammar. `unknown` where that would take too long or the parser fails, so that no text can make
 * this throw; a grammar that is not installed does.
 */
export async function parseWith(grammar: Grammar, text: string): Promise<Examined> {
  if (broken) return 'unknown';
  const found = await (runtime ??= startRuntime());
  let loading = languages.get(grammar.name);
  if (loading === undefined) languages.set(grammar.name, (loading = loadLanguage(found, grammar.name)));
  const language = await loading;
  try {
    const parser = new found.Parser();
    try {
      parser.setLanguage(language);
      return examine(parser, text, grammar);
    } finally {
      parser.delete();
    }
  } catch {
    broken = true;
    return 'unknown';
  }
}

async function startRuntime(): Promise<Runtime> {
  const { default: found } = await import('@vscode/tree-sitter-wasm');
  await found.Parser.init();
  return found;
}

async function loadLanguage(found: Runtime, name: string): Promise<Language> {
  const folder = dirname(require.resolve('@vscode/tree-sitter-wasm'));
  return found.Language.load(await readFile(join(folder, `tree-sitter-${name}.wasm`)));
}

function examine(parser: Parser, text: string, grammar: Grammar): Examined {
  const end = performance.now() + PARSE_MS;
  const tree = parser.parse(text, null, { progressCallback: () => performance.now() > end });
  if (tree === null) {
    parser.reset();
    return 'unknown';
  }
  try {
    if (!tree.rootNode.hasError) return BEYOND[grammar.name]?.(tree, text) ?? 'parses';
    if (grammar.bracketsOnly) return bracketFault(tree) ?? 'parses';
    return explain(parser, tree, text);
  } finally {
    tree.delete();
  }
}

function explain(parser: Parser, tree: Tree, text: string): Fault {
  const node = firstErrorNode(tree);
  if (node?.missing) return { line: node.line, message: `${node.name} is missing` };
  const refused = firstRefused(parser, text);
  if (refused === null) return { line: node?.line ?? 1, message: 'it does not parse from here on' };
  const token = refusedToken(text, refused);
  if (token !== null) return token;
  const brackets = bracketFault(tree);
  if (brackets !== null && brackets !== 'unknown') return brackets;
  return { line: linesOf(text).length, message: 'unexpected end of file' };
}

interface Refused {
  row: number;
  column: number;
  /** The grammar's name of the token that could not follow. */
  symbol: string;
}

/**
 * The furthest token that none of the parser's attempts could take: what it says on its way, up to where it begins to
 * repair. The tree itself shows only what had to be left out, which may begin far above. Null if time ran out.
 */
function firstRefused(parser: Parser, text: string): Refused | null {
  const end = performance.now() + EXPLAIN_MS;
  let at = { row: 0, column: 0 };
  let furthest: Refused | null = null;
  let done = false;
  parser.setLogger((message, isLex) => {
    if (isLex || done) return;
    if (message.startsWith('process version:')) {
      const [, row, column] = /row:(\d+), col:(\d+)$/.exec(message) ?? [];
      at = { row: Number(row), column: Number(column) / 2 }; // columns are of bytes, two for each code unit
    } else if (message.startsWith('detect_error lookahead:')) {
      if (
        furthest === null ||
        at.row > furthest.row ||
        (at.row === furthest.row && at.column > furthest.column)
      )
        furthest = { ...at, symbol: message.slice('detect_error lookahead:'.length) };
    } else if (message.startsWith('resume version:')) done = true;
  });
  try {
    parser.parse(text, null, { progressCallback: () => done || performance.now() > end })?.delete();
    parser.reset();
    return done ? furthest : null;
  } finally {
    parser.setLogger(null);
  }
}

/** Says it in words; the position is that of the end of the token before. Null for the end of the text. */
function refusedToken(text: string, { row, column, symbol }: Refused): Fault | null {
  const lines = linesOf(text);
  let line = row;
  let rest = (lines[row] ?? '').slice(column).trim();
  if (
    rest === '' &&
    row < lines.length - 1 &&
    /newline|indent|dedent|semicolon|line_break|terminator/.test(symbol)
  )
    return { line: row + 1, message: 'unexpected end of line' };
  while (rest === '' && line < lines.length - 1) rest = lines[++line]!.trim();
  const token = /^[\p{L}\p{N}_$]{1,40}|^./u.exec(rest)?.[0];
  return token === undefined ? null : { line: line + 1, message: `unexpected \`${token}\`` };
}
