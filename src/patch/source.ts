import { readdir } from 'node:fs/promises';
import type { Fact } from './fact.ts';
import { factsOf } from './facts.ts';
import { packageOf } from './modules.ts';
import { readTreeFile } from './paths.ts';
import { isCode, parseCode } from './syntax.ts';
import { isObject, parseJson } from '../lib/json.ts';

const SKIPPED = new Set(['node_modules', '.git', 'coverage', '.next', '.nuxt', '.cache', '.turbo']);
const MAX_FILES = 4000;
const MAX_BYTES = 40 * 1024 * 1024;

/** What the release's source already does, read when first asked: most patches never need it. */
export interface KnownSource {
  envNames(): Promise<Set<string>>;
  /** Targets of network calls, and every host named in the source. */
  targets(): Promise<Set<string>>;
  hasHost(host: string): Promise<boolean>;
  /** Whether some `package.json` lists the package, or the source imports it already. */
  hasPackage(name: string): Promise<boolean>;
}

/** Paths of the source files of a tree, relative, in order; dependencies and build leftovers left out. Bounded. */
export async function sourceFiles(tree: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [''];
  while (folders.length > 0 && found.length < MAX_FILES) {
    const folder = folders.shift()!;
    const entries = await readdir(`${tree}/${folder}`, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(path);
      else if (entry.isFile()) found.push(path);
    }
  }
  return found.slice(0, MAX_FILES);
}

export function knownSource(tree: string): KnownSource {
  let loading: Promise<{ facts: Fact[]; texts: string[]; packages: Set<string> }> | undefined;
  const load = (): NonNullable<typeof loading> => (loading ??= readAll(tree));
  const detailsOf = async (kind: Fact['kind'], pick: (fact: Fact) => string): Promise<Set<string>> =>
    new Set((await load()).facts.filter((fact) => fact.kind === kind).map(pick));
  return {
    envNames: () => detailsOf('env', (fact) => fact.key),
    targets: () => detailsOf('network', (fact) => fact.target ?? ''),
    async hasHost(host) {
      const bare = host.replace(/:\d+$/, '');
      const pattern = new RegExp(`(?<![\\w.-])${bare.replace(/[^\w]/g, '\\$&')}(?![\\w-]|\\.\\w)`, 'i');
      return bare !== '' && (await load()).texts.some((text) => pattern.test(text));
    },
    async hasPackage(name) {
      const { packages, facts } = await load();
      return (
        packages.has(name) || facts.some((fact) => fact.kind === 'import' && packageOf(fact.says) === name)
      );
    },
  };
}

async function readAll(tree: string): Promise<{ facts: Fact[]; texts: string[]; packages: Set<string> }> {
  const facts: Fact[] = [];
  const texts: string[] = [];
  const packages = new Set<string>();
  let room = MAX_BYTES;
  for (const path of await sourceFiles(tree)) {
    const name = path.split('/').at(-1)!;
    if (!isCode(path) && name !== 'package.json' && !/\.(?:json|ya?ml|env|example|toml)$/.test(name))
      continue;
    const read = await readTreeFile(tree, path);
    const text = 'file' in read ? read.file?.text : undefined;
    if (text === undefined || text.length > room) continue;
    room -= text.length;
    if (!/lock\b/.test(name)) texts.push(text);
    if (name === 'package.json') for (const listed of listedPackages(text)) packages.add(listed);
    if (!isCode(path)) continue;
    const parsed = parseCode(path, text);
    if (parsed.ok) facts.push(...factsOf(text, parsed));
  }
  return { facts, texts, packages };
}

function listedPackages(text: string): string[] {
  const value = parseJson(text);
  if (!isObject(value)) return [];
  const own = typeof value['name'] === 'string' ? [value['name']] : [];
  const fields = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return [...own, ...fields.flatMap((field) => (isObject(value[field]) ? Object.keys(value[field]) : []))];
}
