import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { VouchError, messageOf, systemCode } from '../lib/errors.ts';
import type { Json } from '../lib/json.ts';

/** One scenario, as its `scenario.yaml` has it (see the format in docs/scenarios.md). */
const requestSchema = z.strictObject({
  method: z.string().regex(/^[A-Z]+$/),
  path: z.string().startsWith('/'),
  headers: z.record(z.string(), z.string()).default({}),
  /** JSON; a string is sent as it is. */
  body: z.json().optional(),
});

const statusSchema = z.union([z.number(), z.array(z.number()).min(1)]);

/** What a correct fix answers; a status alone may stand for itself, as in `traffic`. */
const heldOutSchema = z.union([
  statusSchema.transform((status): { status?: number | number[]; body?: Json } => ({ status })),
  z.strictObject({ status: statusSchema.optional(), body: z.json().optional() }),
]);

const serviceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('postgres'), init: z.string().optional(), env: z.string() }),
  z.strictObject({ type: z.literal('mysql'), init: z.string().optional(), env: z.string() }),
  z.strictObject({ type: z.literal('redis'), init: z.string().optional(), env: z.string() }),
  z.strictObject({ type: z.literal('http'), run: z.string(), env: z.string() }),
]);

const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/),
  summary: z.string(),
  class: z.string(),
  app: z.strictObject({
    path: z.string().default('app'),
    start: z.string().optional(),
    test: z.string().optional(),
  }),
  services: z.record(z.string(), serviceSchema).default({}),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  concurrency: z.number().int().min(1).max(256).default(1),
  tokens: z
    .record(
      z.string(),
      z.strictObject({
        secret: z.string(),
        ttl: z.number(),
        claims: z.record(z.string(), z.json()).default({}),
      }),
    )
    .default({}),
  traffic: z.array(requestSchema.extend({ expect: statusSchema })).min(1),
  error: z.strictObject({ type: z.string(), message: z.string().default('') }),
  heldout: z.array(requestSchema.extend({ expect: heldOutSchema })).default([]),
});
type ScenarioFile = z.infer<typeof scenarioSchema>;
export type ScenarioRequest = z.infer<typeof requestSchema>;

export interface Scenario extends ScenarioFile {
  folder: string;
  /** Absolute path of the app. */
  appFolder: string;
  /** Reference fix, or null (as for `class: not-a-code-bug`). */
  fix: string | null;
  /** Wrong fixes: file name → diff. */
  wrong: Record<string, string>;
}

export const NOT_A_CODE_BUG = 'not-a-code-bug';

/** One that cannot be read: `broken` says in which file, where, and why. */
export interface BrokenScenario {
  name: string;
  broken: string;
}

export interface Suite {
  scenarios: Scenario[];
  broken: BrokenScenario[];
}

/**
 * Every scenario below a folder, by name. Those that cannot be read do not keep the others from being run. Throws
 * `usage` when none can.
 */
export async function loadSuite(folder: string, only?: string): Promise<Suite> {
  const root = resolve(folder);
  const suite: Suite = { scenarios: [], broken: [] };
  for (const candidate of await scenarioFolders(root)) {
    const name = basename(candidate);
    if (only !== undefined && name !== only) continue;
    try {
      suite.scenarios.push(await loadScenario(candidate));
    } catch (error) {
      if (!(error instanceof VouchError)) throw error;
      suite.broken.push({ name, broken: error.message });
    }
  }
  const [first] = suite.broken;
  if (suite.scenarios.length === 0 && first) {
    const others = suite.broken.length > 1 ? `, and ${suite.broken.length - 1} more` : '';
    throw new VouchError('usage', `${first.broken}${others}`);
  }
  if (suite.scenarios.length === 0) {
    throw new VouchError(
      'usage',
      only === undefined ? `${folder}: no scenario.yaml below it` : `${folder}: no scenario called ${only}`,
    );
  }
  suite.scenarios.sort((a, b) => (a.name < b.name ? -1 : 1));
  return suite;
}

async function scenarioFolders(root: string, depth = 0): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(root, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') {
      throw new VouchError('usage', `${root}: no such folder`, { cause: error });
    }
    throw error;
  }
  if (entries.some((entry) => entry.name === 'scenario.yaml')) return [root];
  if (depth >= 4) return [];
  const below: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) {
      below.push(...(await scenarioFolders(join(root, entry.name), depth + 1)));
    }
  }
  return below;
}

async function loadScenario(folder: string): Promise<Scenario> {
  const path = join(folder, 'scenario.yaml');
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8'));
  } catch (error) {
    // What follows the first line is the text with a mark below it.
    const [what = ''] = messageOf(error).split('\n');
    throw new VouchError('usage', `${path}: ${what.replace(/:$/, '')}`, { cause: error });
  }
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new VouchError('usage', `${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  const appFolder = join(folder, parsed.data.app.path);
  if (!(await stat(appFolder).catch(() => null))?.isDirectory()) {
    throw new VouchError('usage', `${path}: app.path: ${appFolder} is not a folder`);
  }
  return { ...parsed.data, folder, appFolder, ...(await readFixes(join(folder, 'fix'))) };
}

async function readFixes(folder: string): Promise<Pick<Scenario, 'fix' | 'wrong'>> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const wrong: Record<string, string> = {};
  for (const name of names.filter((each) => /^wrong-.*\.diff$/.test(each)).sort()) {
    wrong[name] = await readFile(join(folder, name), 'utf8');
  }
  return {
    fix: names.includes('patch.diff') ? await readFile(join(folder, 'patch.diff'), 'utf8') : null,
    wrong,
  };
}
