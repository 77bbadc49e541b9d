import { access, chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAgentEngine, type AgentEngineOptions } from '../../src/desks/fix/engines/agent/engine.ts';
import type { Candidate, FixContext } from '../../src/desks/fix/engines/port.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { priceTable } from '../../src/trace/prices.ts';
import { APP, APP_FILE, fixContext, memorySink, PRIVATE } from '../doubles/fix-context.ts';
import { needs } from '../needs.ts';

const FIX = `const fs = require('fs');
const file = '${APP_FILE}';
fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('order.coupon.percent', 'order.coupon?.percent ?? 0'));
console.log('Guarded the coupon.');`;

async function setUp(
  script: string,
  options: Partial<AgentEngineOptions> = {},
  overrides: Partial<FixContext> = {},
) {
  const context = await fixContext(overrides);
  const sink = memorySink();
  const command = ['node', '-e', script, '{prompt_file}'];
  const engine = createAgentEngine({ command, env: {}, sink, prices: priceTable(), maxTries: 1, ...options });
  const found: Candidate[] = [];
  for await (const candidate of engine.propose(context)) found.push(candidate);
  return { found, sink, context };
}

/** Prints what the script computes, and fails, so that it comes back in the trace. */
async function asked(expression: string, options: Partial<AgentEngineOptions> = {}): Promise<unknown> {
  const { sink } = await setUp(`console.log(JSON.stringify(${expression}))`, options);
  return JSON.parse(sink.traces[0]!.answer);
}

describe('a command in a copy of the release', () => {
  test('what it changes is the candidate; the release is not touched', async () => {
    const { found, sink, context } = await setUp(FIX);
    expect(found).toMatchObject([
      {
        engine: 'agent',
        by: 'node',
        changes: { [APP_FILE]: APP.replace('order.coupon.percent', 'order.coupon?.percent ?? 0') },
        why: 'Guarded the coupon.',
        trace: sink.traces[0]!.id,
      },
    ]);
    expect(await readFile(join(context.tree, APP_FILE), 'utf8')).toBe(APP);
    expect(sink.traces).toMatchObject([
      {
        engine: 'agent',
        answer: 'Guarded the coupon.\n',
        tokens: null,
        costUsd: null,
        outcome: expect.stringContaining('plain process, not isolated'),
      },
    ]);
  });

  test('the prompt is in the file that it is given, with shapes only', async () => {
    const { sink } = await setUp("console.log(require('fs').readFileSync(process.argv[1], 'utf8'))");
    const { answer } = sink.traces[0]!;
    expect(answer).toContain('Cannot read properties of null');
    for (const value of PRIVATE) expect(answer).not.toContain(value);
  });

  test('its environment holds what is listed, and nothing of ours', async () => {
    process.env['OUR_SECRET'] = 'x';
    const names = await asked('Object.keys(process.env).sort()', { env: { AGENT_KEY: 'k' } });
    delete process.env['OUR_SECRET'];
    expect(names).toEqual(['AGENT_KEY', 'AGENT_RUN_ID', 'HOME', 'LANG', 'PATH']);
  });

  test('it finds a git repository with the release as its only commit', async () => {
    const log = await asked(
      "String(require('child_process').execSync('git log --format=%s && git status --short'))",
    );
    expect(log).toBe('The release\n');
  });

  test('what it writes to its own .git is never run by us', async () => {
    const marker = join('/tmp', `agent-marker-${process.pid}`);
    const evil = `const fs = require('fs');
      fs.appendFileSync('.git/config', '[core]\\n fsmonitor = "touch ${marker}"\\n[diff]\\n external = "touch ${marker}"\\n[filter "x"]\\n clean = "touch ${marker}"\\n');
      fs.mkdirSync('.git/info', { recursive: true });
      fs.writeFileSync('.git/info/attributes', '* filter=x diff=x\\n');
      { ${FIX} }`;
    const { found } = await setUp(evil);
    expect(found).toHaveLength(1);
    await expect(access(marker)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['nothing', '', 'nothing was changed'],
    [
      'a test',
      "require('fs').mkdirSync('test'); require('fs').writeFileSync('test/a.js', '')",
      'touches tests',
    ],
    ['a link', "require('fs').symlinkSync('/etc/passwd', 'passwd')", 'symbolic link'],
    ['a binary', "require('fs').writeFileSync('x.bin', Buffer.from([0, 1, 2]))", 'binary'],
    [
      'another repository',
      "require('child_process').execSync('git init -q sub && cd sub && git -c user.name=a -c user.email=a commit -q --allow-empty -m x')",
      'sub',
    ],
    [
      'many files',
      "for (let i = 0; i < 60; i++) require('fs').writeFileSync(`f${i}.js`, '')",
      'changed 60 files',
    ],
    [
      'a process',
      `require('fs').appendFileSync('${APP_FILE}', "\\nimport { execSync } from 'node:child_process'; execSync('id');\\n")`,
      'child_process',
    ],
  ])('changing %s is refused', async (_, script, said) => {
    const { found, sink } = await setUp(script);
    expect(found).toEqual([]);
    expect(sink.traces[0]!.outcome).toContain(said);
  });

  const BLOCK = `TITLE: Guard the coupon
CAUSE: it may be null

${APP_FILE}
<<<<<<< SEARCH
  res.json({ id: order.id, percent: order.coupon.percent });
=======
  res.json({ id: order.id, percent: order.coupon?.percent ?? 0 });
>>>>>>> REPLACE
Done.
`;
  const FIXED = APP.replace('order.coupon.percent', 'order.coupon?.percent ?? 0');
  const print = (text: string): string => `process.stdout.write(${JSON.stringify(text)})`;

  test.each([
    ['as it is', print(BLOCK)],
    ['in colours', print(BLOCK.replaceAll('\n', '\u001b[0m\n\u001b[32m'))],
    [
      'after the prompt that it was given',
      `${print('USER:\n')}; process.stdout.write(require('fs').readFileSync(process.argv[1])); ${print(BLOCK)}`,
    ],
    ['after much talk', `process.stdout.write('thinking about it\\n'.repeat(100_000)); ${print(BLOCK)}`],
    [
      'by the path of its copy',
      `process.stdout.write(${JSON.stringify(BLOCK)}.replace('${APP_FILE}', process.cwd() + '/${APP_FILE}'))`,
    ],
  ])('a change that is printed instead of made is the candidate: %s', async (_, script) => {
    const { found, sink } = await setUp(script);
    expect(found).toMatchObject([
      { changes: { [APP_FILE]: FIXED }, title: 'Guard the coupon', why: 'it may be null' },
    ]);
    expect(sink.traces[0]).toMatchObject({ outcome: expect.stringContaining('it printed the change') });
    expect(sink.traces[0]!.repairs).not.toBeNull();
  });

  test('what was made good in a printed diff is counted', async () => {
    const diff = `--- a/${APP_FILE}\n+++ b/${APP_FILE}\n@@ -9,4 +9,4 @@\n-  res.json({ id: order.id, percent: order.coupon.percent });\n+  res.json({ id: order.id, percent: order.coupon?.percent ?? 0 });\n });\n`;
    const { found, sink } = await setUp(print(diff));
    expect(found).toMatchObject([{ changes: { [APP_FILE]: FIXED } }]);
    expect(sink.traces[0]!.repairs).toMatchObject({ 'hunk-counts': 1 });
  });

  test('a printed change that fits nowhere is refused with the lines that are there', async () => {
    const { found, sink } = await setUp(print(BLOCK.replace('order.id, percent', 'order.nr, percent')));
    expect(found).toEqual([]);
    expect(sink.traces[0]!.outcome).toContain('nothing was changed, and the change that was printed');
    expect(sink.traces[0]!.outcome).toContain('  res.json({ id: order.id, percent: order.coupon.percent });');
  });

  test.each([
    ['code', `require('fs').appendFileSync('${APP_FILE}', 'function (')`, APP_FILE],
    ['JSON', "require('fs').writeFileSync('package.json', '{')", 'package.json'],
  ])('%s that does not parse any more is refused, and the next try is told', async (_, script, path) => {
    const next = `const prompt = require('fs').readFileSync(process.argv[1], 'utf8'); if (prompt.includes('could not be used')) { ${FIX} } else { ${script} }`;
    const { found, sink } = await setUp(next, { maxTries: 2 });
    expect(sink.traces[0]!.outcome).toMatch(/^refused: /);
    expect(sink.traces[0]!.outcome).toContain(path);
    for (const text of [sink.traces[0]!.outcome, sink.traces[1]!.prompt])
      expect(text).toContain('does not parse after the change');
    expect(found).toMatchObject([{ changes: { [APP_FILE]: FIXED } }]);
  });

  test('a refusal is in the prompt of the next try', async () => {
    const second = `const prompt = require('fs').readFileSync(process.argv[1], 'utf8'); if (prompt.includes('nothing was changed')) { ${FIX} }`;
    const { found, sink } = await setUp(second, { maxTries: 2 });
    expect(found).toHaveLength(1);
    expect(sink.traces).toHaveLength(2);
  });

  test('a command that fails ends the engine and is quoted', async () => {
    const { found, context } = await setUp("console.error('no login'); process.exit(3)");
    expect(found).toEqual([]);
    expect(context.notes).toEqual(['agent: it ended with status 3: no login']);
  });

  test('a program that is not there', async () => {
    const { found, context } = await setUp('', { command: ['no-such-agent', '{prompt_file}'] });
    expect(found).toEqual([]);
    expect(context.notes).toEqual(['agent: no-such-agent: program not found']);
  });

  test('at the time limit it is killed with all that it started, also what left its group', async () => {
    const spawn = `const { spawn } = require('child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
      child.unref();
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const { sink, context } = await setUp(spawn, { timeoutMs: 1500 });
    expect(context.notes).toEqual(['agent: it ran out of time and was killed']);
    const pid = Number(sink.traces[0]!.answer);
    expect(pid).toBeGreaterThan(0);
    // Empty for a process that is dead and only waits for its parent to ask for its status.
    await expect.poll(() => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).toBe('');
  });

  test('output without end is kept in part', async () => {
    const { sink } = await setUp("for (let i = 0; i < 3000; i++) process.stdout.write('x'.repeat(1000))");
    const { answer } = sink.traces[0]!;
    expect(answer.length).toBeLessThan(600_000);
    expect(answer).toContain('(3000000 bytes in all)');
  });

  test('without a command, or with one that never sees its task, it says so', () => {
    const make = (command: string[] | null) =>
      createAgentEngine({ command, env: {}, sink: memorySink(), prices: priceTable() }).unavailable();
    expect(make(null)).toContain('agent: no command');
    expect(make(['claude', '-p'])).toContain('{prompt_file}');
    expect(make(['claude', '-p', '{prompt_file}'])).toBeNull();
  });
});

const { local } = sandboxes();
const able = await local.available();

needs(able.ok, able.ok ? '' : `${able.reason}; ${able.mend}`)('in a sandbox', () => {
  test('the copy and its home are all that it sees, and its change comes back', async () => {
    const { found, sink } = await setUp(FIX, { sandbox: local, network: 'none' });
    expect(sink.traces[0]!.outcome).toContain('(sandbox local)');
    expect(found).toMatchObject([{ changes: { [APP_FILE]: expect.stringContaining('?? 0') } }]);
  });

  test('files of the host are not there', async () => {
    const secret = join('/tmp', `host-secret-${process.pid}`);
    await writeFile(secret, 'SECRET');
    onTestFinished(() => rm(secret));
    await chmod(secret, 0o644);
    expect((await stat(secret)).size).toBe(6);
    const { sink } = await setUp(
      `try { console.log(require('fs').readFileSync('${secret}', 'utf8')) } catch (e) { console.log(e.code) }`,
      {
        sandbox: local,
        network: 'none',
      },
    );
    expect(sink.traces[0]!.answer).toBe('ENOENT\n');
  });

  test('at the time limit it is gone', async () => {
    const { context } = await setUp('setInterval(() => {}, 1000)', {
      sandbox: local,
      network: 'none',
      timeoutMs: 1500,
    });
    expect(context.notes).toEqual(['agent: it ran out of time and was killed']);
  });
});
