import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder, loadConfig, setSetting } from './config.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-config-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('loadConfig', () => {
  it('takes the environment, then the file, then the default', async () => {
    await setSetting(folder, 'server.port', '9000');
    await setSetting(folder, 'server.host', '::1');
    const { config, sources } = await loadConfig(folder, { VOUCH_PORT: '9001', VOUCH_HOST: '' });
    expect(config['server.port']).toBe(9001);
    expect(config['server.host']).toBe('::1');
    expect(config['log.level']).toBe('info');
    expect([sources['server.port'], sources['server.host'], sources['log.level']]).toEqual([
      'environment',
      'file',
      'default',
    ]);
  });

  it('warns of names that nothing reads', async () => {
    await writeFile(join(folder, 'config.json'), '{"server.prot": 1}');
    const { warnings } = await loadConfig(folder, { VOUCH_PROT: '1', VOUCH_DATA: '/x', OTHER: '1' });
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/server\.prot/);
    expect(warnings.join()).toMatch(/VOUCH_PROT/);
  });

  it.each([
    [{ VOUCH_PORT: 'many' }, /VOUCH_PORT/],
    [{ VOUCH_PORT: '70000' }, /VOUCH_PORT/],
    [{ VOUCH_FIX_ENGINES: 'template,magic' }, /VOUCH_FIX_ENGINES/],
    [{ VOUCH_FORGE_REPOSITORY: 'no-slash' }, /OWNER\/NAME/],
  ])('refuses %j and says where', async (env, what) => {
    await expect(loadConfig(folder, env)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(what),
    });
  });

  it.each(['[]', '{', '"x"', ''])('refuses a file that holds %j', async (text) => {
    await writeFile(join(folder, 'config.json'), text);
    await expect(loadConfig(folder, {})).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('config.json'),
    });
  });

  it('parts lists and words', async () => {
    const { config } = await loadConfig(folder, {
      VOUCH_FIX_ENGINES: 'llm, template',
      VOUCH_AGENT_COMMAND: `agent --prompt "fix it" --flag=a=b`,
    });
    expect(config['fix.engines']).toEqual(['llm', 'template']);
    expect(config['agent.command']).toEqual(['agent', '--prompt', 'fix it', '--flag=a=b']);
  });
});

describe('setSetting', () => {
  it('keeps a value whole, for the owner only, and takes it out again', async () => {
    const value = 'http://127.0.0.1:11434/v1?a=b&c==';
    await setSetting(folder, 'llm.baseUrl', value);
    expect((await loadConfig(folder, {})).config['llm.baseUrl']).toBe(value);
    expect((await stat(join(folder, 'config.json'))).mode & 0o777).toBe(0o600);
    await setSetting(folder, 'llm.baseUrl', null);
    expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe('{}\n');
  });

  it.each([
    ['server.prot', '1', /no such setting/],
    ['__proto__', '1', /no such setting/],
    ['server.port', 'x', /server\.port/],
    ['forge.kind', 'svn', /forge\.kind/],
  ])('refuses %s=%s', async (key, value, what) => {
    await expect(setSetting(folder, key, value)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(what),
    });
  });
});

describe('dataFolder', () => {
  it('is what is given, else VOUCH_DATA, else ~/.vouch', () => {
    expect(dataFolder('/a/../b', { VOUCH_DATA: '/c' })).toBe('/b');
    expect(dataFolder(undefined, { VOUCH_DATA: '/c' })).toBe('/c');
    expect(dataFolder(undefined, { VOUCH_DATA: '' })).toBe(join(homedir(), '.vouch'));
    expect(() => dataFolder('', {})).toThrow(/--data/);
  });
});
