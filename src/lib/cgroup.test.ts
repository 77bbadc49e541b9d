import { expect, test } from 'vitest';
import { cgroupLayout } from './cgroup.ts';

const HYBRID = `24 1 0:21 / /proc rw,relatime shared:1 - proc proc rw
30 24 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
31 24 0:27 / /sys/fs/cgroup/memory rw shared:2 master:1 - cgroup cgroup rw,memory
32 24 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
33 24 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
34 24 0:30 / /sys/fs/cgroup/with\\040space rw - cgroup2 cgroup2 rw
`;

test('hybrid: controllers in v1 trees beside a v2 tree', async () => {
  expect(await cgroupLayout(HYBRID)).toEqual({
    v2: '/sys/fs/cgroup/with space',
    v1: { cpu: '/sys/fs/cgroup/cpu,cpuacct', memory: '/sys/fs/cgroup/memory', pids: '/sys/fs/cgroup/pids' },
    all: [
      '/sys/fs/cgroup/cpu,cpuacct',
      '/sys/fs/cgroup/memory',
      '/sys/fs/cgroup/pids',
      '/sys/fs/cgroup/systemd',
      '/sys/fs/cgroup/with space',
    ],
  });
});

test('pure v2', async () => {
  const layout = await cgroupLayout('30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n');
  expect(layout).toEqual({ v2: '/sys/fs/cgroup', v1: {}, all: ['/sys/fs/cgroup'] });
});

test('v1 only', async () => {
  expect(
    await cgroupLayout('31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n'),
  ).toBeUndefined();
});
