import { extname } from 'node:path';
import type { Comment, ParseResult, Program } from 'oxc-parser';
import { parseBounded } from './parser.ts';

/** Any node of the tree that oxc-parser gives (ESTree, with TypeScript's own nodes). */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

export type Parsed =
  | { ok: true; program: Node; comments: Comment[] }
  | { ok: false; line: number; message: string };

const CODE = new Set(['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx']);

export function isCode(path: string): boolean {
  return CODE.has(extname(path).toLowerCase());
}

/** Parses JavaScript or TypeScript by the file's name: as a module, else as a script, else with JSX. */
export function parseCode(path: string, text: string): Parsed {
  const parsed = firstParse(path, text);
  // the tree is only made when somebody reads it, which takes longer than parsing
  return 'program' in parsed
    ? { ok: true, program: asNode(parsed.program), comments: parsed.comments }
    : { ok: false, ...parsed };
}

/** What does not parse, by the same rule; null if it does. */
export function codeError(path: string, text: string): { line: number; message: string } | null {
  const parsed = firstParse(path, text);
  return 'program' in parsed ? null : parsed;
}

function firstParse(path: string, text: string): ParseResult | { line: number; message: string } {
  const typed = /\.[cm]?tsx?$/i.test(path);
  const attempts = [
    { sourceType: 'module' },
    { sourceType: 'commonjs' },
    { sourceType: 'unambiguous', lang: typed ? 'tsx' : 'jsx' },
  ] as const;
  let first: { line: number; message: string } | null = null;
  for (const attempt of attempts) {
    const result = parseBounded(path, text, { preserveParens: false, ...attempt });
    if ('tooDeep' in result) return { line: result.line, message: 'it is nested too deep to be examined' };
    const error = result.errors[0];
    if (error === undefined) return result;
    first ??= { line: lineAt(text, error.labels[0]?.start ?? 0), message: error.message };
  }
  return first!;
}

function asNode(program: Program): Node {
  return program as unknown as Node;
}

/** Line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

/** Calls `enter` for each node, parents first, with the nodes above it, nearest last. */
export function walk(root: Node, enter: (node: Node, above: readonly Node[]) => void): void {
  const above: Node[] = [];
  visit(root);

  function visit(node: Node): void {
    enter(node, above);
    above.push(node);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) visit(item);
      } else if (isNode(value)) visit(value);
    }
    above.pop();
  }
}
