import type { Comment, Program } from 'oxc-parser';
import { parseBounded } from '../../../patch/parser.ts';
import { children, isFunction, isStatement, type FunctionNode, type Node } from './ast.ts';
import { buildScopes, type Scopes } from './scope.ts';
import { styleOf, type Style } from './style.ts';

/** One parsed file. Offsets are UTF-16 units, as in JavaScript strings and in V8's columns. */
export class Source {
  /** Relative to the tree, with `/`. */
  readonly file: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: Comment[];
  readonly #parents = new Map<Node, Node>();
  readonly #lines: number[] = [0];
  #scopes: Scopes | undefined;
  #style: Style | undefined;

  private constructor(file: string, text: string, program: Program, comments: Comment[]) {
    this.file = file;
    this.text = text;
    this.program = program;
    this.comments = comments;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lines.push(at + 1);
    const stack: Node[] = [program];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const child of children(node)) {
        this.#parents.set(child, node);
        stack.push(child);
      }
    }
  }

  /** Undefined where the text has a syntax error, or is nested too deep to be a person's code: such a file is left alone. */
  static parse(file: string, text: string): Source | undefined {
    const result = parseText(file, text);
    return result === undefined ? undefined : new Source(file, text, result.program, result.comments);
  }

  get scopes(): Scopes {
    return (this.#scopes ??= buildScopes(this.program));
  }

  get style(): Style {
    return (this.#style ??= styleOf(this.text));
  }

  parent(node: Node): Node | undefined {
    return this.#parents.get(node);
  }

  /** From the nearest parent outwards. */
  *ancestors(node: Node): Generator<Node> {
    for (let at = this.#parents.get(node); at !== undefined; at = this.#parents.get(at)) yield at;
  }

  slice(node: { start: number; end: number }): string {
    return this.text.slice(node.start, node.end);
  }

  /** Offset of a 1-based line and column, or undefined beyond the end. */
  offset(line: number, column: number): number | undefined {
    const start = this.#lines[line - 1];
    if (start === undefined || column < 1) return undefined;
    const at = start + column - 1;
    return at <= this.text.length ? at : undefined;
  }

  line(offset: number): number {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  column(offset: number): number {
    return offset - this.#lines[this.line(offset) - 1]! + 1;
  }

  /** Start of a line (1-based); the text's end beyond the last. */
  lineStart(line: number): number {
    return this.#lines[line - 1] ?? this.text.length;
  }

  /** The white space that a node's line begins with. */
  indentOf(node: { start: number }): string {
    const start = this.lineStart(this.line(node.start));
    return /^[ \t]*/.exec(this.text.slice(start, node.start))?.[0] ?? '';
  }

  /** Innermost node that covers the offset. */
  nodeAt(offset: number): Node {
    let at: Node = this.program;
    for (;;) {
      const inner: Node | undefined = children(at).find(
        (child) => child.start <= offset && offset < child.end,
      );
      if (inner === undefined) return at;
      at = inner;
    }
  }

  /** The statement that a node is part of, or is. */
  statementOf(node: Node): Node | undefined {
    if (isStatement(node)) return node;
    for (const each of this.ancestors(node)) if (isStatement(each)) return each;
    return undefined;
  }

  functionOf(node: Node): FunctionNode | undefined {
    for (const each of this.ancestors(node)) if (isFunction(each)) return each;
    return undefined;
  }
}

function parseText(file: string, text: string): { program: Program; comments: Comment[] } | undefined {
  const lang = /\.[cm]?tsx?$/.test(file) ? (file.endsWith('x') ? 'tsx' : 'ts') : 'jsx';
  for (const sourceType of ['module', 'commonjs'] as const) {
    const result = parseBounded(file, text, { lang, sourceType, preserveParens: false });
    if ('tooDeep' in result) return undefined;
    if (result.errors.every((error) => String(error.severity) !== 'Error'))
      return { program: result.program, comments: result.comments };
  }
  return undefined;
}

/** Whether a changed file can still be read. */
export function parses(file: string, text: string): boolean {
  return parseText(file, text) !== undefined;
}
