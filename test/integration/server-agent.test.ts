import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cgroupLayout, createCgroup, type Cgroup } from '../../src/lib/cgroup.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { agentHealth } from '../../src/record/agent/health.ts';
import { openRecorder } from '../../src/server/agent.ts';
import { needs } from '../needs.ts';

const health = await agentHealth();

let folder: string;
let cgroup: Cgroup;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-agent-int-'));
  cgroup = await createCgroup((await cgroupLayout())!, `vouch-server-agent-${process.pid}`);
});
afterEach(async () => {
  await cgroup.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The agents that this process has started. */
async function agents(): Promise<number[]> {
  const found: number[] = [];
  for (const task of await readdir('/proc/self/task')) {
    const children = await readFile(`/proc/self/task/${task}/children`, 'utf8');
    for (const pid of children.split(' ').filter(Boolean)) {
      if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('record/agent/entry.ts'))
        found.push(Number(pid));
    }
  }
  return found;
}

needs(health.ok, `a recorder: ${health.reason ?? ''}; ${health.mend ?? ''}`)(
  'the recorder of a server',
  () => {
    it('goes on after its agent was killed, and taps what was tapped', async () => {
      const recorder = await openRecorder(undefined, {}, silentLogger);
      try {
        if ('missing' in recorder.agent) throw new Error(recorder.agent.missing);
        const { agent } = recorder;
        await agent.tap({ cgroupPath: cgroup.path, cgroupId: cgroup.id, folder: join(folder, 'tap') });
        const [pid] = await agents();
        process.kill(pid!, 'SIGKILL');
        const both = await Promise.all([agent.flush(cgroup.id), agent.flush(cgroup.id)]);
        expect(both.map(({ lostBytes }) => lostBytes)).toEqual([0, 0]);
        const [next, ...more] = await agents();
        expect(next).not.toBe(pid);
        expect(more).toEqual([]);
      } finally {
        await recorder.close();
      }
      expect(await agents()).toEqual([]);
    });

    it('is told to be missing, with what mends it, when the agent that was named is not there', async () => {
      const recorder = await openRecorder(folder, { socket: join(folder, 'nobody.sock') }, silentLogger);
      expect(recorder.agent).toEqual({
        missing: expect.stringContaining('nobody.sock'),
        mend: expect.stringContaining('vouch agent'),
      });
    });
  },
);
