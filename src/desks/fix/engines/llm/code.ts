import { redactCode } from '../../../../record/redact.ts';
import type { FixContext } from '../port.ts';
import { loadTree, locateIn, type Location } from '../../locate/locate.ts';
import type { SourceTree } from '../../locate/tree.ts';

/** A piece of the app's source for the prompt. */
interface Excerpt {
  file: string;
  /** Lines as they are, parts left out marked with `…`. */
  text: string;
  /** What points here, such as `line 12 of the stack`. */
  why: string;
}

export interface Code {
  excerpts: Excerpt[];
  /** All source of the app, to tell its own words from data. */
  source: string;
  files: string[];
}

const WHOLE_LINES = 220;
const AROUND = 30;
const MAX_FILES = 5;
const MAX_CHARACTERS = 48_000;

/** The code around the places that the incident points to: files whole when they are short, else the functions. */
export async function codeFor(context: FixContext): Promise<Code> {
  const tree = await loadTree(context.tree);
  const excerpts: Excerpt[] = [];
  let room = MAX_CHARACTERS;
  for (const [file, locations] of byFile(locateIn(context, tree))) {
    if (excerpts.length === MAX_FILES) break;
    const text = redactCode(excerptOf(tree.text(file) ?? '', locations));
    if (text.length > room) continue;
    room -= text.length;
    excerpts.push({ file, text, why: locations.map(reasonOf).join('; ') });
  }
  return {
    excerpts,
    source: sourceOf(tree),
    files: tree.files.filter((file) => !/(?:^|\/)tests?\/|\.(?:test|spec)\./.test(file)).slice(0, 120),
  };
}

function sourceOf(tree: SourceTree): string {
  return tree.files.map((file) => tree.text(file) ?? '').join('\n');
}

function byFile(locations: readonly Location[]): Map<string, Location[]> {
  const files = new Map<string, Location[]>();
  for (const location of locations.slice(0, 12)) {
    const file = location.source.file;
    files.set(file, [...(files.get(file) ?? []), location]);
  }
  return files;
}

function reasonOf({ by, depth, line, source }: Location): string {
  const text = source.text.split('\n')[line - 1]?.trim().slice(0, 160) ?? '';
  const what = {
    stack: depth === 0 ? 'the error was thrown' : 'the stack passes',
    route: 'the handler of the failing route is',
    commit: 'the suspect commit changed',
  }[by];
  return `${what} at line ${line}: ${redactCode(text)}`;
}

/** Lines around each place and the whole of its handler, and the imports at the top. */
function excerptOf(text: string, locations: readonly Location[]): string {
  const lines = text.split('\n');
  if (lines.length <= WHOLE_LINES) return text;
  const wanted = new Set<number>();
  const add = (from: number, to: number): void => {
    for (let line = Math.max(1, from); line <= Math.min(lines.length, to); line++) wanted.add(line);
  };
  lines.forEach((line, i) => {
    if (/^(?:import\b|(?:const|let|var)\b.*\brequire\()/.test(line)) add(i + 1, i + 1);
  });
  for (const { line, source, node, handler } of locations) {
    add(line - AROUND, line + AROUND);
    for (const around of [source.functionOf(node), handler?.node])
      if (around)
        add(source.line(around.start), Math.min(source.line(around.end), source.line(around.start) + 150));
  }
  return joined(lines, wanted);
}

function joined(lines: string[], wanted: Set<number>): string {
  const out: string[] = [];
  let last = 0;
  for (const line of [...wanted].sort((a, b) => a - b)) {
    if (line !== last + 1) out.push('…');
    out.push(lines[line - 1]!);
    last = line;
  }
  if (last < lines.length) out.push('…');
  return out.join('\n');
}
