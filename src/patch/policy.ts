import { SECRET_PATTERNS } from '../lib/secrets.ts';
import { badPath } from '../lib/tree-path.ts';
import type { Fact } from './fact.ts';
import { factsOf } from './facts.ts';
import { packageOf, powerOf } from './modules.ts';
import { MAX_FILE_BYTES, readTreeFile, type Changes } from './paths.ts';
import { packageReasons, pathReason } from './policy-paths.ts';
import { knownSource, type KnownSource } from './source.ts';
import { isCode, parseCode } from './syntax.ts';

interface Placed extends Fact {
  path: string;
}

interface Compared {
  reasons: string[];
  before: Placed[];
  after: Placed[];
}

/**
 * Why a patch is outside the policy of fixes (`sound` in the design of the verdict), each reason one line with its
 * place; an empty list means that it is inside. What counts is what the code did not do before: facts of the syntax
 * trees of all changed files, before against after, so that moved code is no reason.
 */
export async function checkPolicy(tree: string, changes: Changes): Promise<string[]> {
  const { reasons, before, after } = await compare(tree, changes);
  const known = knownSource(tree);
  for (const fact of surplus(after, before)) {
    const reason = await reasonFor(fact, known, before);
    if (reason !== null) reasons.push(`${fact.path}:${fact.line}: ${reason}`);
  }
  const added = surplus(after, before).filter(({ kind }) => kind === 'route' || kind === 'path');
  for (const fact of surplus(before, after)) {
    if (fact.kind === 'route' && !isRewritten(fact, added))
      reasons.push(`${fact.path}: removes ${fact.says}`);
    if (fact.kind === 'path' && !after.some((one) => one.key === fact.key) && !isRewritten(fact, added))
      reasons.push(`${fact.path}: no longer serves ${fact.says}`);
  }
  return [...new Set(reasons)];
}

/** A route whose path was changed is gone and new: such a pair is a rewritten one. Takes the new one off the list. */
function isRewritten(gone: Placed, added: Placed[]): boolean {
  const at =
    gone.target === undefined
      ? -1
      : added.findIndex(({ kind, target }) => target === gone.target && kind === gone.kind);
  if (at !== -1) added.splice(at, 1);
  return at !== -1;
}

async function compare(tree: string, changes: Changes): Promise<Compared> {
  const all: Compared = { reasons: [], before: [], after: [] };
  for (const path of Object.keys(changes).sort()) {
    const bad = badPath(path);
    const byName = bad ?? pathReason(path);
    if (byName !== null) all.reasons.push(byName);
    if (bad !== null) continue;
    const read = await readTreeFile(tree, path);
    if ('bad' in read) {
      all.reasons.push(read.bad);
      continue;
    }
    const [before, after] = [read.file?.text ?? null, changes[path] ?? null];
    if (after !== null && Buffer.byteLength(after) > MAX_FILE_BYTES) {
      all.reasons.push(`${path}: more than ${MAX_FILE_BYTES} bytes`);
      continue;
    }
    all.reasons.push(
      ...packageReasons(path, before, after),
      ...secretReasons(path, before ?? '', after ?? ''),
    );
    if (isCode(path)) compareCode(path, before, after, all);
  }
  return all;
}

function compareCode(path: string, before: string | null, after: string | null, all: Compared): void {
  const place = (fact: Fact): Placed => ({ ...fact, path });
  const parsed = parseCode(path, after ?? '');
  if (!parsed.ok) {
    all.reasons.push(`${path}:${parsed.line}: does not parse: ${parsed.message}`);
    return;
  }
  const old = parseCode(path, before ?? '');
  if (old.ok) all.before.push(...factsOf(before ?? '', old).map(place));
  all.after.push(...factsOf(after ?? '', parsed).map(place));
}

/** Facts of `a` beyond as many with the same key as `b` has; the later ones, as additions mostly are. */
function surplus(a: Placed[], b: Placed[]): Placed[] {
  const left = new Map<string, number>();
  for (const fact of b) left.set(fact.key, (left.get(fact.key) ?? 0) + 1);
  return a.filter((fact) => {
    const count = left.get(fact.key) ?? 0;
    if (count > 0) left.set(fact.key, count - 1);
    return count === 0;
  });
}

/** Names that tell a test from the real thing, whoever asks for them, and however often the code asked before. */
const TELLING =
  /^(?:NODE_ENV|CI|JEST_WORKER_ID|NODE_TEST_CONTEXT|NODE_OPTIONS|LD_PRELOAD|TEST|TESTING)$|VITEST|MOCHA|VOUCH|FAKETIME|SANDBOX|REPLAY/;

async function reasonFor(fact: Placed, known: KnownSource, before: Placed[]): Promise<string | null> {
  switch (fact.kind) {
    case 'env': {
      const name = fact.key.slice('env:'.length);
      if (TELLING.test(name)) return `${fact.says}, which tells a test from production`;
      return (await known.envNames()).has(fact.key) ? null : `${fact.says}, which the source did not`;
    }
    case 'network':
      return networkReason(fact, known, before);
    case 'import': {
      const power = powerOf(fact.says);
      if (power !== undefined && power !== 'network' && fact.says !== 'process')
        return `loads ${fact.says}, which a fix has no need of`;
      const name = packageOf(fact.says);
      if (name === null || (await known.hasPackage(name))) return null;
      return `imports ${name}, which is no dependency of the app`;
    }
    case 'route':
    case 'path':
      return null;
    case 'power':
    case 'detect':
    case 'swallow':
    case 'tamper':
    case 'tls':
    case 'secret':
    case 'unchecked':
      return fact.says;
  }
}

async function networkReason(fact: Placed, known: KnownSource, before: Placed[]): Promise<string | null> {
  const target = fact.target ?? '';
  if (
    before.some((one) => one.kind === 'network' && one.target === target) ||
    (await known.targets()).has(target)
  )
    return null;
  if (!target.startsWith('host:')) return `makes a new network call (${fact.says})`;
  const host = target.slice('host:'.length);
  return (await known.hasHost(host))
    ? null
    : `makes a network call to ${host}, which the source does not name`;
}

function secretReasons(path: string, before: string, after: string): string[] {
  const reasons: string[] = [];
  for (const { name, pattern } of SECRET_PATTERNS) {
    for (const match of after.matchAll(pattern)) {
      if (before.includes(match[0])) continue;
      reasons.push(`${path}:${after.slice(0, match.index).split('\n').length}: holds a secret (${name})`);
    }
  }
  return reasons;
}
