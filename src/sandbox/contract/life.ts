import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Sandbox } from '../port.ts';
import { alive, firstLine, prepared, ran, specOf, treeOf } from './harness.ts';

export function life(sandbox: Sandbox, ownerProgram: string): void {
  test('exit codes and signals', async () => {
    const tree = await treeOf({
      'main.js': 'if (process.argv[2] === "code") process.exit(3); process.kill(process.pid, "SIGKILL");',
    });
    const code = await ran(sandbox, specOf(tree, { argv: ['node', 'main.js', 'code'] }));
    expect(code.exit).toEqual({ code: 3, signal: null, outOfMemory: false });
    const signal = await ran(
      sandbox,
      specOf(tree, { argv: ['sh', '-c', 'node main.js & wait $!; exit $?'] }),
    );
    expect(signal.exit.outOfMemory).toBe(false);
    const abort = await ran(sandbox, specOf(tree, { argv: ['node', '-e', 'process.abort()'] }));
    expect(abort.exit.code).toBe(null);
    expect(abort.exit.signal).toMatch(/^SIG(ABRT|TRAP|SEGV|ILL)$/);
  });

  test('what a quick program prints is not lost', async () => {
    const tree = await treeOf({});
    const { stdout, stderr } = await ran(
      sandbox,
      specOf(tree, { argv: ['sh', '-c', 'echo out; echo err >&2'] }),
    );
    expect([stdout, stderr]).toEqual(['out\n', 'err\n']);
  });

  test('stop: a polite end', async () => {
    const script =
      'process.on("SIGTERM", () => { console.log("bye"); process.exit(7); }); console.log("up"); setInterval(() => {}, 1000);';
    const place = await prepared(sandbox, specOf(await treeOf({ 'main.js': script })));
    const program = await place.start();
    expect(await firstLine(program.stdout)).toBe('up');
    await program.stop(20_000);
    expect(await program.exited).toEqual({ code: 7, signal: null, outOfMemory: false });
  });

  test('stop: no answer within the grace, so it is killed with all that it started', async () => {
    const script = `
      process.on('SIGTERM', () => {});
      require('child_process').spawn('sh', ['-c', 'trap "" TERM HUP; echo up; while :; do sleep 1000; done'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).unref();
      setInterval(() => {}, 1000);`;
    const place = await prepared(sandbox, specOf(await treeOf({ 'main.js': script })));
    const program = await place.start();
    expect(await firstLine(program.stdout)).toBe('up');
    await program.stop(100);
    expect(await program.exited).toEqual({ code: null, signal: 'SIGKILL', outOfMemory: false });
    expect(await alive(program.pid)).toBe(false);
  });

  test('what it left running dies with it', async () => {
    const script = `
      const child = require('child_process').spawn('sleep', ['100000'], { detached: true, stdio: 'ignore' });
      child.unref();
      child.on('spawn', () => process.exit(0));`;
    const place = await prepared(sandbox, specOf(await treeOf({ 'main.js': script })));
    const program = await place.start();
    expect(await program.exited).toMatchObject({ code: 0 });
    await place.destroy();
    expect(existsSync(place.cgroupPath)).toBe(false);
  });

  test('destroy: twice, at once, before the start', async () => {
    const place = await prepared(sandbox, specOf(await treeOf({})));
    await Promise.all([place.destroy(), place.destroy()]);
    await place.destroy();
    expect(existsSync(place.cgroupPath)).toBe(false);
  });

  test('start: once', async () => {
    const place = await prepared(sandbox, specOf(await treeOf({}), { argv: ['true'] }));
    await place.start();
    await expect(place.start()).rejects.toMatchObject({ code: 'conflict' });
  });

  test('ten side by side', async () => {
    const tree = await treeOf({ 'main.js': 'console.log(require("fs").readFileSync("n.txt", "utf8"))' });
    const runs = Array.from({ length: 10 }, (_, n) =>
      ran(sandbox, specOf(tree, { changes: { 'n.txt': String(n) } })),
    );
    const results = await Promise.all(runs);
    expect(results.map((result) => result.stdout.trim())).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
  });

  test('its owner is killed: everything ends, and reap leaves nothing', async () => {
    const tree = await treeOf({ 'main.js': 'console.log("up"); setInterval(() => {}, 1000);' });
    const owner = spawn(process.execPath, [ownerProgram, sandbox.level, tree], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(owner, 'exit');
    onTestFinished(() => void owner.kill('SIGKILL'));
    const { pid, cgroupPath } = JSON.parse(await firstLine(owner.stdout)) as {
      pid: number;
      cgroupPath: string;
    };
    expect(await alive(pid)).toBe(true);
    expect(await sandbox.reap()).not.toContainEqual(expect.stringContaining(`${owner.pid}-`));
    expect(await alive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await gone;
    await vi.waitFor(async () => expect(await alive(pid)).toBe(false), { timeout: 20_000, interval: 20 });
    await sandbox.reap();
    expect(existsSync(cgroupPath)).toBe(false);
    await vi.waitFor(async () => expect(await traces(owner.pid!)).toEqual([]), {
      timeout: 20_000,
      interval: 50,
    });
  });
}

/** Mounts, cgroups, namespaces and scratch folders whose name says that they belong to that process. */
async function traces(pid: number): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const groups = await readdir('/sys/fs/cgroup', { recursive: true }).catch(() => []);
  const scratch = await readdir('/tmp');
  const named = await readdir('/run/netns').catch(() => []);
  return [...mounts, ...groups, ...scratch, ...named].filter(
    (name) => name.includes(`vouch-${pid}-`) || name.includes(`vouch/${pid}-`),
  );
}
