import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { z } from 'zod';
import { VouchError, systemCode } from '../../lib/errors.ts';
import { parseJson } from '../../lib/json.ts';
import { printable } from '../names.ts';

const text = z.record(z.string(), z.unknown());
const schema = z.object({
  name: z.string().optional().catch(undefined),
  scripts: text.optional().catch(undefined),
  engines: text.optional().catch(undefined),
  dependencies: text.optional().catch(undefined),
  devDependencies: text.optional().catch(undefined),
  optionalDependencies: text.optional().catch(undefined),
  workspaces: z.unknown().optional(),
});
export type PackageJson = z.infer<typeof schema>;

const MAX_BYTES = 1024 * 1024;

/** The `package.json` at the top of a tree. Throws `usage` when it is none. */
export async function readPackageJson(tree: string): Promise<PackageJson> {
  const bytes = await readFile(join(tree, 'package.json'));
  if (bytes.length > MAX_BYTES) throw new VouchError('usage', 'package.json is larger than 1 MiB');
  const parsed = schema.safeParse(parseJson(bytes.toString('utf8')));
  if (!parsed.success) throw new VouchError('usage', 'package.json does not hold a JSON object');
  return parsed.data;
}

export async function readLock(tree: string): Promise<{ name: string; bytes: Buffer } | undefined> {
  for (const name of ['npm-shrinkwrap.json', 'package-lock.json']) {
    try {
      return { name, bytes: await readFile(join(tree, name)) };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** Throws `usage` when the app asks for another Node.js than the one it would run on. */
export function checkEngines(
  manifest: PackageJson,
  nodeVersion: string,
  print: (line: string) => void,
): void {
  const wanted = manifest.engines?.['node'];
  if (typeof wanted !== 'string' || wanted.trim() === '') return;
  if (semver.validRange(wanted) === null) {
    print(`warning: engines.node "${printable(wanted)}" is not a version range; it is not looked at`);
    return;
  }
  if (semver.satisfies(nodeVersion, wanted, { includePrerelease: true })) return;
  throw new VouchError(
    'usage',
    `package.json asks for Node.js ${printable(wanted)} (engines.node), and apps run on ${nodeVersion} here`,
    { hint: 'widen engines.node, or bring a Dockerfile with the version that it needs' },
  );
}

export function hasDependencies(manifest: PackageJson): boolean {
  const all = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
  return manifest.workspaces !== undefined || all.some((some) => Object.keys(some ?? {}).length > 0);
}

/** The script of this name, or undefined. */
export function scriptOf(manifest: PackageJson, name: string): string | undefined {
  const script = manifest.scripts?.[name];
  return typeof script === 'string' && script.trim() !== '' ? script.trim() : undefined;
}

/**
 * The words of a command line that every shell would run the same way as a program with these arguments, or undefined
 * when it takes a shell: quotes, variables, pipes, globs, assignments.
 */
export function plainCommand(line: string): string[] | undefined {
  const words = line.trim().split(/[ \t]+/);
  if (words.some((word) => !/^[A-Za-z0-9_./:@%+,=-]+$/.test(word))) return undefined;
  if (words[0]!.includes('=')) return undefined;
  return words;
}
