import { accessSync } from 'node:fs';
import { release } from 'node:os';
import { cgroupLayout } from '../../lib/cgroup.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import { libbpfVersion } from './libbpf.ts';
import type { AgentHealth } from './port.ts';
import { loadTap } from './tap.ts';

/** The parts of the machine that are asked; parameters so that each lack can be tried. */
export interface HealthEffects {
  platform: string;
  arch: string;
  uid: number | undefined;
  hasBtf: () => boolean;
  libbpf: () => string;
  cgroupRoot: () => Promise<string | undefined>;
  /** Loads the tap's programs and lets them go again; throws with the reason. Says whether io_uring is seen. */
  load: () => { ioUring: boolean };
}

const REAL: HealthEffects = {
  platform: process.platform,
  arch: process.arch,
  uid: process.getuid?.(),
  hasBtf: () => canRead('/sys/kernel/btf/vmlinux'),
  libbpf: libbpfVersion,
  cgroupRoot: async () => (await cgroupLayout())?.v2,
  load: () => {
    const { object, ioUring } = loadTap(64 * 1024);
    object.close();
    return { ioUring };
  },
};

/** What the kernel side can do here: the first thing that is missing, and the command that mends it. */
export async function agentHealth(effects: HealthEffects = REAL): Promise<AgentHealth> {
  const facts: { [key: string]: Json } = { kernel: release(), arch: effects.arch };
  const no = (reason: string, mend: string | null): AgentHealth => ({ ok: false, reason, mend, facts });
  if (effects.platform !== 'linux') return no(`recording needs Linux, this is ${effects.platform}`, null);
  if (effects.arch !== 'x64')
    return no(`recording is built for x64 processors, this is ${effects.arch}`, null);
  try {
    facts.libbpf = effects.libbpf();
  } catch (error) {
    return no(messageOf(error), 'apt-get install libbpf1');
  }
  if (!effects.hasBtf()) {
    return no(
      'the kernel has no type information (/sys/kernel/btf/vmlinux)',
      'boot a kernel with CONFIG_DEBUG_INFO_BTF=y',
    );
  }
  const root = await effects.cgroupRoot();
  if (root === undefined) {
    const folder = '/sys/fs/cgroup/unified';
    return no('there is no cgroup v2 tree', `mkdir -p ${folder} && mount -t cgroup2 none ${folder}`);
  }
  facts.cgroupRoot = root;
  if (effects.uid !== 0)
    return no('loading eBPF programs needs root', 'run `vouch agent` as root, e.g. with sudo');
  try {
    facts.ioUring = effects.load().ioUring ? 'reported' : 'not seen';
  } catch (error) {
    return no(messageOf(error), 'allow CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, and a kernel from 5.17 on');
  }
  return { ok: true, reason: null, mend: null, facts };
}

function canRead(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
