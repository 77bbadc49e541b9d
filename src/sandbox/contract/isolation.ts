import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Sandbox, SandboxSpec } from '../port.ts';
import { answer, prepared, ran, specOf, treeOf } from './harness.ts';

export function isolation(sandbox: Sandbox): void {
  test('the environment is what was given, and nothing else', async () => {
    process.env['VOUCH_CONTRACT_SECRET'] = 'ours';
    const env = {
      PLAIN: 'x',
      LINES: 'a\nb\n',
      SHELL_CHARACTERS: '$(id) `id` \'"\\ ; & | * ~',
      EMPTY: '',
      UNICODE: 'ä€😀',
      IFS: 'x',
      PWD: '/elsewhere',
      LD_LIBRARY_PATH: '/app/lib',
      NODE_ENV: 'production',
      V_PLAIN: 'not the prefix of ours',
    };
    try {
      const got = (await answer(sandbox, 'console.log(JSON.stringify(process.env))', { env })) as Record<
        string,
        string
      >;
      const { PATH, HOME, ...rest } = got;
      expect(rest).toEqual(env);
      expect(HOME).toBe('/tmp');
      expect(PATH).toContain('/usr/bin');
    } finally {
      delete process.env['VOUCH_CONTRACT_SECRET'];
    }
  });

  test('arguments arrive as they are', async () => {
    const words = ['', ' ', '$(id)', '-x', '--', 'a\nb', '"\'', '*', 'A=B', 'ä'];
    const tree = await treeOf({ 'main.js': 'console.log(JSON.stringify(process.argv.slice(2)))' });
    expect(await answer(sandbox, '', { tree, argv: ['node', 'main.js', ...words] })).toEqual(words);
  });

  test('no privileges: an unprivileged user, no capabilities, none to be had', async () => {
    const script = `
      const status = require('fs').readFileSync('/proc/self/status', 'utf8');
      const field = (name) => new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(status)[1];
      console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups().filter((g) => g !== process.getgid()),
        nnp: field('NoNewPrivs'), caps: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(field) }));`;
    const got = (await answer(sandbox, script)) as {
      uid: number;
      gid: number;
      groups: number[];
      nnp: string;
      caps: string[];
    };
    expect(got.uid).toBeGreaterThan(0);
    expect(got.gid).toBeGreaterThan(0);
    expect(got.groups).toEqual([]);
    expect(got.nnp).toBe('1');
    expect(new Set(got.caps)).toEqual(new Set(['0000000000000000']));
  });

  test('only its own processes are in /proc, and only what it needs of the host', async () => {
    const script = `
      const fs = require('fs');
      const there = (p) => { try { return fs.readdirSync(p).length > 0; } catch { return false; } };
      const pids = fs.readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n));
      console.log(JSON.stringify({ pids: pids.length, top: fs.readdirSync('/'), root: there('/root'), home: there('/home'), work: there('${process.cwd()}'),
        mounts: fs.readFileSync('/proc/mounts', 'utf8').includes('${process.cwd()}'), shadow: fs.existsSync('/etc/shadow') }));`;
    const got = (await answer(sandbox, script)) as Record<string, unknown>;
    expect(got['pids']).toBeLessThanOrEqual(4);
    expect(got).toMatchObject({ root: false, home: false, work: false, mounts: false, shadow: false });
  });

  test('production and replay look the same from inside, but for network and clock', async () => {
    const look =
      'ls -la --time-style=+ / /etc /dev /opt /opt/* /run /var /app; cut -d" " -f2,3 /proc/mounts | sort; cat /etc/passwd /etc/hosts /etc/resolv.conf; ' +
      'cat /proc/self/cgroup; cat /proc/sys/kernel/hostname; ulimit -a; env | sort; pwd; id';
    const tree = await treeOf({ 'a.txt': 'a', 'b.txt': 'b' });
    const argv = ['sh', '-c', look];
    const production = await ran(sandbox, specOf(tree, { argv, network: 'host' }));
    const replay = await ran(
      sandbox,
      specOf(tree, { argv, clockMs: Date.UTC(2020, 1, 1), changes: { 'a.txt': 'x' } }),
    );
    // The size of one file is the one trace: which libraries the dynamic linker loads. Sizes of folders are the disk's.
    const known = (text: string): string[] =>
      text.split('\n').filter((line) => !/^total | proc$| ld\.so\.preload$| libclock\.so$/.test(line));
    expect(known(replay.stdout)).toEqual(known(production.stdout));
    expect(replay.stderr).toBe(production.stderr);
  });

  test('no open files of ours', async () => {
    const { stdout } = await ran(
      sandbox,
      specOf(await treeOf({}), {
        argv: ['sh', '-c', 'for fd in /proc/self/fd/*; do echo "${fd##*/}"; done'],
      }),
    );
    expect(stdout.split('\n').filter((fd) => Number(fd) > 3)).toEqual([]); // 3: the shell's own, on the folder
  });

  test('it is in its cgroup from the start, and the process id is the one of the program', async () => {
    const tree = await treeOf({ 'main.js': 'console.log("up"); setInterval(() => {}, 1000);' });
    const place = await prepared(sandbox, specOf(tree));
    const program = await place.start();
    const groups = await readFile(`/proc/${program.pid}/cgroup`, 'utf8');
    const own = /^0::(.*)$/m.exec(groups)![1]!;
    expect(own.startsWith(place.cgroupPath.slice(place.cgroupPath.indexOf('/vouch/')))).toBe(true);
    await new Promise((resolve) => program.stdout.once('data', resolve));
    expect(await readFile(`/proc/${program.pid}/cmdline`, 'utf8')).toBe('node\0main.js\0');
    expect(await readFile('/proc/self/cgroup', 'utf8')).not.toContain(own);
  });

  test.each(['', 'A', '../x', 'a/b', 'a b', '$(id)', 'a'.repeat(41), 'a\n', 'ä'])(
    'the id %j is refused',
    async (id) => {
      const tree = await treeOf({});
      await expect(sandbox.prepare(specOf(tree, { id }))).rejects.toMatchObject({ code: 'usage' });
    },
  );

  const refused: Partial<SandboxSpec>[] = [
    { env: { 'A B': 'x' } },
    { env: { 'A=B': 'x' } },
    { env: { '': 'x' } },
    { env: { '$(id)': 'x' } },
    { env: { A: 'x\0y' } },
    { argv: [] },
    { argv: ['a=b'] },
    { argv: ['node', 'a\0b'] },
    { limits: { memoryBytes: -1, processes: 1, cpus: 1 } },
    { limits: { memoryBytes: 1e9, processes: Number.NaN, cpus: 1 } },
    { workdir: 'relative' },
  ];
  test.each(refused)('%j is refused', async (overrides) => {
    const tree = await treeOf({});
    await expect(sandbox.prepare(specOf(tree, overrides))).rejects.toMatchObject({ code: 'usage' });
  });
}
