import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VouchError } from '../lib/errors.ts';
import { runSuite, type EvalOptions } from './run.ts';
import type { Parts } from './production.ts';
import { loadSuite } from './scenario.ts';

const GOOD = fileURLToPath(new URL('../../examples/scenarios/orders-wrong-column', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suite-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const scenario = async (name: string, yaml?: string): Promise<string> => {
  await cp(GOOD, join(folder, name), { recursive: true });
  if (yaml !== undefined) await writeFile(join(folder, name, 'scenario.yaml'), yaml);
  return join(folder, name);
};

/** Runs with parts that are never reached, or fail as they are told. */
const results = async (check: boolean, agent: () => never): Promise<unknown[]> => {
  const suite = await loadSuite(folder);
  suite.scenarios = suite.scenarios.map((one) => ({ ...one, services: {} }));
  const parts = new Proxy({} as Parts, { ownKeys: agent });
  const options: EvalOptions = {
    check,
    wrong: false,
    reference: false,
    answers: 'both' as const,
    onScore: () => {},
  };
  return runSuite(suite, parts, options, { signal: AbortSignal.timeout(60_000), onProgress: () => {} });
};

describe('a suite', () => {
  it('says of each scenario that cannot be read why, on one line, and gives the others', async () => {
    await scenario('good');
    await scenario('bad-yaml', '{ a: [');
    await scenario('bad-key', 'name: x\nunknown: 1\n');
    await rm(join(await scenario('no-app'), 'app'), { recursive: true });
    await mkdir(join(folder, 'a-folder/scenario.yaml'), { recursive: true });
    const { scenarios, broken } = await loadSuite(folder);
    expect(scenarios.map(({ name }) => name)).toEqual(['orders-wrong-column']);
    expect(broken.map(({ name }) => name).sort()).toEqual(['a-folder', 'bad-key', 'bad-yaml', 'no-app']);
    for (const { name, broken: why } of broken) {
      expect(why).toMatch(new RegExp(`^${join(folder, name, 'scenario.yaml')}: .+$`));
    }
  });

  it('is wrong use when nothing of it can be read, or it holds nothing', async () => {
    await scenario('bad', '{ a: [');
    await scenario('worse', 'name: 1');
    await expect(loadSuite(folder)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/bad\/scenario\.yaml: .*, and 1 more$/),
    });
    await expect(loadSuite(folder, 'bad')).rejects.toThrow(/bad\/scenario\.yaml/);
    await expect(loadSuite(folder, 'none')).rejects.toThrow(/no scenario called none/);
    await expect(loadSuite(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'usage' });
  });

  it('goes on when a scenario cannot be run, or fails by a bug of ours, and says which', async () => {
    await scenario('good');
    await scenario('bad', '{ a: [');
    const missing = await results(false, () => {
      throw new VouchError('missing-part', 'no such part');
    });
    expect(missing).toMatchObject([
      { scenario: 'bad', reproduced: false, reason: expect.stringContaining('scenario.yaml') },
      { scenario: 'orders-wrong-column', reproduced: false, reason: 'no such part' },
    ]);
    const bug = await results(true, () => {
      throw new TypeError('oops');
    });
    expect(bug).toMatchObject([
      { scenario: 'bad', ok: false },
      { scenario: 'orders-wrong-column', ok: false, problems: ['our bug: oops'] },
    ]);
  });
});
