import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Sandbox } from '../port.ts';
import { alive, answer, firstLine, prepared, ran, specOf, treeOf } from './harness.ts';

export function limits(sandbox: Sandbox): void {
  const small = { memoryBytes: 96 * 1024 * 1024, processes: 64, cpus: 2 };

  test('memory: more than the limit is killed, and told', async () => {
    const script = `const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1));`;
    const { exit } = await ran(sandbox, specOf(await treeOf({ 'main.js': script }), { limits: small }));
    expect(exit).toEqual({ code: null, signal: 'SIGKILL', outOfMemory: true });
  });

  test('memory: the temporary folder counts and is bounded', async () => {
    const script = `
      const fs = require('fs');
      try { for (let i = 0; ; i++) fs.writeFileSync('/tmp/' + i, Buffer.alloc(4 << 20, 1)); } catch (e) { console.log(JSON.stringify(e.code)); }`;
    expect(await answer(sandbox, script)).toBe('ENOSPC');
  });

  test('memory: the program is told its limit', async () => {
    expect(
      await answer(sandbox, 'console.log(JSON.stringify(process.constrainedMemory()))', { limits: small }),
    ).toBe(small.memoryBytes);
  });

  test('processes: no more than the limit can be started', async () => {
    const script = `
      const { spawn } = require('child_process');
      let started = 0, refused = 0;
      const children = [];
      for (let i = 0; i < 100; i++) {
        const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
        child.on('error', (error) => { if (error.code === 'EAGAIN') refused++; });
        if (child.pid) { started++; children.push(child); }
      }
      setImmediate(() => { console.log(JSON.stringify({ started, refused })); children.forEach((child) => child.kill('SIGKILL')); });`;
    const got = (await answer(sandbox, script, { limits: { ...small, processes: 48 } })) as Record<
      string,
      number
    >;
    expect(got['started']! + got['refused']!).toBe(100);
    expect(got['started']).toBeGreaterThan(0);
    expect(got['started']).toBeLessThan(48);
  });

  test('processes: a fork bomb stays within its limit, and dies on destroy', async () => {
    const tree = await treeOf({
      'bomb.sh': 'bomb() { bomb | bomb & }\n(bomb) &\necho up\nexec sleep 1000\n',
    });
    const limit = { ...small, processes: 48 };
    const place = await prepared(sandbox, specOf(tree, { argv: ['sh', 'bomb.sh'], limits: limit }));
    const program = await place.start();
    program.stderr.resume();
    await firstLine(program.stdout);
    let most = 0;
    for (let i = 0; i < 100; i++) most = Math.max(most, await processes(place.cgroupPath));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(48 + 1);
    await place.destroy();
    expect(await alive(program.pid)).toBe(false);
    expect(existsSync(place.cgroupPath)).toBe(false);
  });

  test('processor: a quarter of a core is a quarter of a core', async () => {
    const script = `
      const end = performance.now() + 1500;
      while (performance.now() < end);
      const { user, system } = process.cpuUsage();
      console.log(JSON.stringify((user + system) / 1e6));`;
    expect(await answer(sandbox, script, { limits: { ...small, cpus: 0.25 } })).toBeLessThan(0.9);
  });

  test('output: 100 MB pass through, and memory here stays bounded', async () => {
    const script = `
      const chunk = Buffer.alloc(1 << 20, 'x');
      let left = 100;
      const more = () => { while (left-- > 0) if (!process.stdout.write(chunk)) return process.stdout.once('drain', more); };
      more();`;
    const place = await prepared(sandbox, specOf(await treeOf({ 'main.js': script })));
    const program = await place.start();
    const before = process.memoryUsage().rss;
    let bytes = 0;
    let most = 0;
    for await (const chunk of program.stdout) {
      bytes += (chunk as Buffer).length;
      most = Math.max(most, process.memoryUsage.rss() - before);
    }
    expect(bytes).toBe(100 * (1 << 20));
    expect(most).toBeLessThan(80 * (1 << 20));
    expect(await program.exited).toMatchObject({ code: 0 });
  });
}

/** Processes in the cgroup and below it. */
async function processes(folder: string): Promise<number> {
  try {
    const own = (await readFile(join(folder, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).length;
    const entries = await readdir(folder, { withFileTypes: true });
    const below = await Promise.all(
      entries.filter((entry) => entry.isDirectory()).map((entry) => processes(join(folder, entry.name))),
    );
    return below.reduce((sum, count) => sum + count, own);
  } catch {
    return 0; // gone
  }
}
