import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from './main.ts';
import { createProgram } from './program.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-cli-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function vouch(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    env: { VOUCH_DATA: folder },
  };
  return { code: await main(argv, io), ...said };
}

/** Every command that does something, as `traces list`. */
function commandLines(): string[] {
  const program = createProgram({ out: () => {}, err: () => {}, env: {} });
  return program.commands.flatMap((command) => [
    command.name(),
    ...command.commands.map((child) => `${command.name()} ${child.name()}`),
  ]);
}

describe('help', () => {
  it('of every command shows an example, and what every command takes', async () => {
    for (const line of commandLines()) {
      const { code, out } = await vouch(...line.split(' '), '--help');
      expect(code, line).toBe(0);
      expect(out, line).toMatch(/--json/);
      expect(out, line).toMatch(/--data <dir>/);
      if (!['traces', 'eval', 'config'].includes(line))
        expect(out, line).toMatch(/Examples?:\n {2}(?:git diff \| )?vouch /);
    }
  });

  it('has every command that other programs rely on', () => {
    expect(commandLines()).toEqual(
      expect.arrayContaining([
        'serve',
        'doctor',
        'demo',
        'apps',
        'releases',
        'rollback',
        'logs',
        'env',
        'recordings',
        'replay',
        'incidents',
        'incident',
        'fix',
        'verify',
        'patch from-response',
        'proposals',
        'proposal',
        'decide',
        'eval fix',
        'traces list',
        'traces show',
        'traces faults',
        'config get',
        'config set',
        'agent',
      ]),
    );
  });
});

describe('wrong use', () => {
  it.each([
    ['bogus', /unknown command 'bogus'/],
    ['apps create', /missing required argument 'name'/],
    ['apps bogus', /too many arguments|bogus/],
    ['apps create ../x', /\.\.\/x/],
    ['releases nosuch', /nosuch/],
    ['releases', /missing required argument 'app'/],
    ['rollback', /missing required argument 'app'/],
    ['logs nosuch', /nosuch/],
    ['logs shop --lines many', /--lines/],
    ['logs shop --lines 0', /--lines/],
    ['env nosuch', /nosuch/],
    ['env shop set', /nothing is named/],
    ['env shop set NOVALUE', /NOVALUE/],
    ['env shop set =x', /=x|not a name/],
    ['env shop put A=1', /put/],
    ['recordings nosuch', /nosuch/],
    ['recordings', /missing required argument 'app'/],
    ['replay slc_none', /slc_none/],
    ['replay', /missing required argument 'recording'/],
    ['incidents nosuch', /nosuch/],
    ['incident inc_none', /inc_none/],
    ['incident ../../etc', /\.\.\/\.\.\/etc/],
    ['incident', /missing required argument 'id'/],
    ['incident ', /incident: its name is missing/],
    ['incident ..', /incident \.\.: there is none/],
    ['replay ', /recording: its name is missing/],
    ['fix inc_none', /inc_none/],
    ['fix inc_none --engine magic', /magic/],
    ['fix inc_none --engine', /--engine/],
    ['fix inc_none --budget-usd free', /--budget-usd/],
    ['fix inc_none --budget-s 0', /--budget-s/],
    ['verify inc_none', /--patch/],
    ['verify inc_none --patch /nonexistent/fix.diff', /\/nonexistent\/fix\.diff: no such file/],
    ['verify inc_none --patch /tmp', /\/tmp: a folder/],
    ['verify inc_none --patch /dev/null', /\/dev\/null: empty/],
    ['verify inc_none --patch /etc/hostname', /inc_none/],
    ['patch', /a command is missing, of from-response/],
    ['patch from-response --repo .', /missing required argument 'file'/],
    ['patch from-response answer.md', /--repo/],
    ['patch from-response /dev/null --repo /dev/null', /--repo \/dev\/null: not a folder/],
    ['patch from-response /nonexistent/a.md --repo .', /\/nonexistent\/a\.md: no such file/],
    ['patch from-response /tmp --repo .', /\/tmp: a folder/],
    ['proposals --verdict maybe', /maybe/],
    ['proposals --incident inc_none', /inc_none/],
    ['proposal prp_none', /prp_none/],
    ['decide prp_none accept', /--as/],
    ['decide prp_none maybe --as Ada', /maybe/],
    ['decide prp_none accept --as Ada', /prp_none/],
    ['traces', /a command is missing/],
    ['traces show trc_none', /trc_none/],
    ['traces list --limit 0', /--limit/],
    ['tokens create x --role god', /god/],
    ['tokens revoke tok_none', /tok_none/],
    ['config get bogus', /bogus/],
    ['config set bogus 1', /bogus/],
    ['config set server.port', /value is missing/],
    ['config set server.port many', /server\.port/],
    ['eval', /a command is missing/],
    ['eval fix', /--suite/],
    ['eval fix --suite /nonexistent', /\/nonexistent/],
    ['serve --port x', /--port/],
    ['serve --port 70000', /--port/],
    ['apps --data /proc/x', /\/proc\/x/],
    ['apps --data /etc/passwd', /\/etc\/passwd/],
    ['serve --data /etc/passwd/x', /\/etc\/passwd\/x/],
    ['apps --nosuch', /--nosuch/],
  ])('%s', async (line, what) => {
    const { code, out, err } = await vouch(...line.split(' '));
    expect(err).toMatch(what);
    expect(err).toMatch(/^vouch: [^\n]+\n$/);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('is told as JSON too, when JSON was asked for', async () => {
    const { code, out, err } = await vouch('incident', 'inc_none', '--json');
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'not-found', hint: expect.any(String) } });
    expect(err).toMatch(/^vouch: /);
    expect(code).toBe(2);
  });

  it('of what needs a server says so', async () => {
    expect((await vouch('apps', 'create', 'shop')).code).toBe(0);
    const { code, err } = await vouch('rollback', 'shop');
    expect(err).toContain('vouch serve');
    expect(code).toBe(4);
  });
});

describe('settings', () => {
  it('survive whole, whatever they hold', async () => {
    const value = 'http://localhost/v1?key=a==&b=c';
    for (const argv of [['llm.baseUrl', value], [`llm.baseUrl=${value}`]]) {
      expect((await vouch('config', 'set', ...argv)).code).toBe(0);
      expect((await vouch('config', 'get', 'llm.baseUrl')).out).toBe(`${value}\n`);
      expect((await vouch('config', 'unset', 'llm.baseUrl')).code).toBe(0);
    }
    expect((await vouch('config', 'get', 'llm.baseUrl', '--json')).out).toBe('{"llm.baseUrl":null}\n');
  });

  it('that are secret are not listed', async () => {
    await vouch('config', 'set', 'llm.apiKey', 'sk-secret');
    const { out } = await vouch('config', 'get');
    expect(out).not.toContain('sk-secret');
    expect(out).toContain('(set)');
  });
});

describe('answers', () => {
  it('are one JSON value with --json, wherever it stands', async () => {
    for (const argv of [
      ['apps', '--json'],
      ['--json', 'apps'],
      ['--json', 'incidents'],
      ['proposals', '--json'],
    ]) {
      const { code, out } = await vouch(...argv);
      expect(code).toBe(0);
      expect(Array.isArray(JSON.parse(out))).toBe(true);
    }
  });

  it('keep the values of an app’s environment whole, and never show them', async () => {
    await vouch('apps', 'create', 'site');
    expect((await vouch('env', 'site', 'set', 'URL=postgres://u:p@h/db?a=b', 'EMPTY=')).code).toBe(0);
    const { out } = await vouch('env', 'site');
    expect(out.split('\n')).toEqual(['EMPTY', 'URL', '']);
    expect((await vouch('env', 'site', 'unset', 'EMPTY')).out).toBe('URL\n');
  });
});
