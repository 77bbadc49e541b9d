import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { mapLimited } from '../../../lib/limit.ts';
import { Source } from './source.ts';

const EXTENSIONS = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const SKIPPED = new Set([
  'node_modules',
  '.git',
  'coverage',
  '.next',
  '.cache',
  'public',
  'static',
  'vendor',
  'tmp',
]);
const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 2000;
const MAX_TOTAL = 32 * 1024 * 1024;
const MAX_DEPTH = 12;

/**
 * The code of an app, read once, bounded and untrusted: links are not followed, dependencies and files that look minified are left
 * out, and a file is parsed when it is first asked for.
 */
export class SourceTree {
  readonly #texts: Map<string, string>;
  readonly #parsed = new Map<string, Source | undefined>();

  constructor(texts: Record<string, string>) {
    this.#texts = new Map(Object.entries(texts));
  }

  static async load(root: string): Promise<SourceTree> {
    const base = await realpath(root);
    const files: string[] = [];
    await list(base, '', 0, files);
    const texts: Record<string, string> = {};
    let total = 0;
    await mapLimited(files.slice(0, MAX_FILES), 16, async (file) => {
      if (total > MAX_TOTAL) return;
      const text = await readBounded(join(base, file));
      if (text === undefined || looksMinified(text)) return;
      total += text.length;
      texts[file] = text;
    });
    // Reading finishes in any order; what is proposed must not depend on it.
    return new SourceTree(Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  get files(): string[] {
    return [...this.#texts.keys()];
  }

  text(file: string): string | undefined {
    return this.#texts.get(file);
  }

  /** The parsed file, or undefined if there is none or it has a syntax error. */
  source(file: string): Source | undefined {
    const path = posix.normalize(file.replace(/^(?:file:\/\/)?\.\//, ''));
    if (this.#parsed.has(path)) return this.#parsed.get(path);
    const text = this.#texts.get(path);
    const source = text === undefined ? undefined : Source.parse(path, text);
    this.#parsed.set(path, source);
    return source;
  }

  /** Parsed files whose text matches; tests come last and only with `withTests`. */
  *matching(pattern: RegExp, options: { withTests?: boolean } = {}): Generator<Source> {
    for (const [file, text] of this.#texts) {
      if (isTest(file) && options.withTests !== true) continue;
      if (!pattern.test(text)) continue;
      const source = this.source(file);
      if (source !== undefined) yield source;
    }
  }

  /** The file that a relative specifier names, seen from `from`; undefined for packages and builtins. */
  resolve(from: string, specifier: string): Source | undefined {
    if (!specifier.startsWith('.')) return undefined;
    const base = posix.normalize(posix.join(posix.dirname(from), specifier));
    if (base.startsWith('..')) return undefined;
    const stem = base.replace(/\.[cm]?js$/, '');
    const tried = [base];
    for (const each of [base, stem])
      for (const ext of ['js', 'ts', 'mjs', 'cjs', 'mts', 'cts', 'jsx', 'tsx']) tried.push(`${each}.${ext}`);
    for (const ext of ['js', 'ts', 'mjs', 'cjs'])
      tried.push(base === '.' ? `index.${ext}` : `${base}/index.${ext}`);
    for (const file of tried) if (this.#texts.has(file)) return this.source(file);
    return undefined;
  }
}

export function isTest(file: string): boolean {
  return /(?:^|\/)(?:tests?|__tests__|spec|fixtures|e2e)\/|\.(?:test|spec)\.[^/]+$/.test(file);
}

async function list(base: string, folder: string, depth: number, files: string[]): Promise<void> {
  if (depth > MAX_DEPTH || files.length >= MAX_FILES) return;
  const entries = await readdir(join(base, folder), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) await list(base, path, depth + 1, files);
    } else if (entry.isFile() && EXTENSIONS.test(entry.name) && !/\.d\.[cm]?ts$|\.min\./.test(entry.name)) {
      if (files.length < MAX_FILES) files.push(path.split(sep).join('/'));
    }
  }
}

async function readBounded(path: string): Promise<string | undefined> {
  const stats = await lstat(path);
  if (!stats.isFile() || stats.size > MAX_BYTES) return undefined;
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(stats.size, MAX_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Long lines that are mostly code: a bundle. A person would not mend it there. */
function looksMinified(text: string): boolean {
  if (text.length < 4096) return false;
  const lines = text.split('\n').length;
  return text.length / lines > 400;
}
