import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unprivilegedUser } from '../../src/eval/services/child.ts';
import { connectAgent } from '../../src/record/agent/client.ts';
import { readConnections } from '../../src/record/connections.ts';
import { isAlive } from '../../src/lib/scratch.ts';
import { run, runOrThrow } from '../../src/lib/process.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD, Stage, bytesOf, withPort } from './record-setup.ts';

const ECHO = `
  const server = require('node:net').createServer((s) => { s.on('error', () => {}); s.on('data', (d) => s.write(d)); });
  server.listen(0, '127.0.0.1', () => console.log('READY ' + server.address().port));
`;

/** Ids of the eBPF programs that a process has attached (proc(5): fdinfo of a link). */
async function programsOf(pid: number): Promise<number[]> {
  const ids = new Set<number>();
  for (const fd of await readdir(`/proc/${pid}/fdinfo`)) {
    const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '');
    const id = /^prog_id:\s+(\d+)$/m.exec(info)?.[1];
    if (id !== undefined) ids.add(Number(id));
  }
  return [...ids];
}

async function programsLeft(ids: number[]): Promise<number[]> {
  const listed = await runOrThrow(['bpftool', '-j', 'prog', 'show']);
  const programs = JSON.parse(listed.stdout.toString()) as { id: number }[];
  return programs.map(({ id }) => id).filter((id) => ids.includes(id));
}

/** Waits for something that happens soon after a process has gone; the test's own time limit bounds it. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve_) => setTimeout(resolve_, 20));
}

needs(CANNOT_RECORD === '', CANNOT_RECORD)('the agent', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.finish();
  });

  it('leaves nothing in the kernel when it is killed, and segments that can be read', async () => {
    await stage.tap();
    const app = await stage.node(ECHO);
    const port = Number((await app.says('READY'))[0]);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('before the end');
    await once(socket, 'data');
    await stage.started.agent.flush(stage.cgroup.id);
    const programs = await programsOf(stage.started.pid);
    expect(programs.length).toBeGreaterThan(2);
    process.kill(stage.started.pid, 'SIGKILL');
    await until(async () => (await programsLeft(programs)).length === 0);
    await expect(stage.started.agent.flush(stage.cgroup.id)).rejects.toMatchObject({ code: 'unavailable' });
    const recording = await readConnections(stage.folder);
    expect(recording.damage).toEqual([]);
    expect(bytesOf(withPort(recording, socket.localPort!), 'client').toString()).toBe('before the end');
    // A record cut in the middle, as a crash leaves it, and one that is damaged.
    const name = (await readdir(stage.folder)).find((file) => file.endsWith('.seg'))!;
    const whole = await readFile(join(stage.folder, name));
    await writeFile(join(stage.folder, name), whole.subarray(0, whole.length - 5));
    const cut = await readConnections(stage.folder);
    expect(cut.damage).toHaveLength(1);
    expect(cut.damage[0]).toContain('cut at byte');
    expect(withPort(cut, socket.localPort!).direction).toBe('inbound');
    socket.destroy();
  });

  it('undoes what a client asked for when the client is killed', async () => {
    const client = resolve(import.meta.dirname, '../../src/record/agent/client.ts');
    const script = `
      import { connectAgent } from ${JSON.stringify(client)};
      const agent = await connectAgent(${JSON.stringify(join(stage.dir, 'agent/agent.sock'))});
      await agent.tap(${JSON.stringify({ cgroupPath: stage.cgroup.path, folder: stage.folder })
        .slice(0, -1)
        .concat(`,"cgroupId":${stage.cgroup.id}n}`)});
      await agent.redirect({ cgroupPath: ${JSON.stringify(stage.cgroup.path)}, rules: [], catchAllPort: 1, dnsPort: 1 });
      console.log('READY');
      setInterval(() => {}, 1000);
    `;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    stage.own(other);
    await once(other.stdout, 'data');
    const programs = await programsOf(stage.started.pid);
    expect(programs.length).toBeGreaterThan(8);
    other.kill('SIGKILL');
    await until(async () => (await programsLeft(programs)).length === 0);
    // And the cgroup is free again.
    await stage.tap();
  });

  it('keeps a tap that is to be kept, for another client to end', async () => {
    const socket = join(stage.dir, 'agent/agent.sock');
    const { path, id } = stage.cgroup;
    const first = await connectAgent(socket);
    await first.tap({ cgroupPath: path, cgroupId: id, folder: stage.folder, keep: true });
    await first.close();
    expect(await stage.started.agent.flush(id)).toMatchObject({ lostBytes: 0 });
    await stage.started.agent.untap(id);
    await expect(stage.started.agent.flush(id)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('ends with its parent, however that ends', async () => {
    const client = resolve(import.meta.dirname, '../../src/record/agent/client.ts');
    const log = resolve(import.meta.dirname, '../../src/lib/log.ts');
    const script = `
      import { startAgent } from ${JSON.stringify(client)};
      import { silentLogger } from ${JSON.stringify(log)};
      const { pid } = await startAgent({ dir: ${JSON.stringify(join(stage.dir, 'other'))}, logger: silentLogger });
      console.log(pid);
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    stage.own(parent);
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(async () => !isAlive(pid));
  });

  it('answers nonsense with what is wrong, and goes on', async () => {
    const path = join(stage.dir, 'agent/agent.sock');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const socket = connect(path);
    const answers: string[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(...chunk.toString().trim().split('\n')));
    socket.write(
      'hello\n{"id":7,"call":{"method":"shell"}}\n{"id":8,"call":{"method":"flush","cgroupId":"1"}}\n',
    );
    await until(async () => answers.length === 3);
    expect(answers.map((line) => JSON.parse(line) as object)).toMatchObject([
      { id: null, error: { code: 'usage' } },
      { id: 7, error: { code: 'usage' } },
      { id: 8, error: { code: 'not-found' } },
    ]);
    socket.destroy();
    const { agent } = stage.started;
    const request = { cgroupPath: stage.cgroup.path, cgroupId: stage.cgroup.id, folder: stage.folder };
    await expect(agent.tap({ ...request, cgroupPath: '/' })).rejects.toMatchObject({ code: 'usage' });
    await expect(agent.tap({ ...request, cgroupPath: 'nowhere' })).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(agent.tap({ ...request, cgroupId: 1n })).rejects.toMatchObject({ code: 'conflict' });
    await expect(agent.tap({ ...request, folder: 'relative' })).rejects.toMatchObject({ code: 'usage' });
    await agent.tap(request);
    await expect(agent.tap(request)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('serves the members of a group, whose recordings are their own', async () => {
    const user = (await unprivilegedUser())!;
    const socket = join(stage.dir, 'shared/agent.sock');
    const data = join(stage.dir, 'data');
    const client = resolve(import.meta.dirname, '../../src/record/agent/client.ts');
    const bin = resolve(import.meta.dirname, '../../src/bin.ts');
    const args = [bin, 'agent', '--json', '--data', data, '--socket', socket, '--group', String(user.gid)];
    const agent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    stage.own(agent);
    await once(agent.stdout, 'data');
    expect(await stat(socket)).toMatchObject({ uid: 0, gid: user.gid });
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    await chmod(stage.dir, 0o711);
    await mkdir(data, { recursive: true });
    await chown(data, user.uid, user.gid);
    const script = `
      import { readFileSync, readdirSync, rmSync } from 'node:fs';
      import { connectAgent } from ${JSON.stringify(client)};
      process.setgroups([]);
      process.setgid(${user.gid});
      process.setuid(${user.uid});
      const agent = await connectAgent(${JSON.stringify(socket)});
      const folder = ${JSON.stringify(join(data, 'recordings/app'))};
      await agent.tap({ cgroupPath: ${JSON.stringify(stage.cgroup.path)}, cgroupId: ${stage.cgroup.id}n, folder });
      await agent.untap(${stage.cgroup.id}n);
      const sizes = readdirSync(folder).map((name) => readFileSync(folder + '/' + name).length);
      rmSync(${JSON.stringify(join(data, 'recordings'))}, { recursive: true });
      console.log(JSON.stringify(sizes.map((size) => size > 0)));
      await agent.close();
    `;
    const asked = await runOrThrow([process.execPath, '--input-type=module', '-e', script]);
    expect(JSON.parse(asked.stdout.toString())).toEqual([true, true]);
    // Who is no member is not answered.
    const other = script.replace(`setgid(${user.gid})`, `setgid(${user.gid + 1})`);
    const refused = await run([process.execPath, '--input-type=module', '-e', other]);
    expect(refused.stderr.toString()).toContain('EACCES');
    const unknown = await run([
      process.execPath,
      bin,
      'agent',
      '--socket',
      socket,
      '--group',
      'no-such-group',
    ]);
    expect([unknown.code, unknown.stderr.toString()]).toEqual([2, expect.stringContaining('no such group')]);
  });

  it('does not start where another one runs', async () => {
    const entry = resolve(import.meta.dirname, '../../src/record/agent/entry.ts');
    const second = await run([process.execPath, entry, join(stage.dir, 'agent/agent.sock')], { input: '' });
    expect(second.code).toBe(4);
    expect(second.stdout.toString()).toContain('another agent is running there');
    await mkdir(join(stage.dir, 'plain'));
    const third = await run([process.execPath, entry, join(stage.dir, 'plain')], { input: '' });
    expect(third.code).toBe(4);
  });
});
