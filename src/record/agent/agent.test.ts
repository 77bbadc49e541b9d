import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText } from '../connections-builder.ts';
import { agentHealth, type HealthEffects } from './health.ts';
import { parseListening } from './listeners.ts';
import { addressBytes } from './redirect.ts';
import { ringBytesFor } from './tap.ts';
import { requestSchema } from './wire.ts';

describe('addressBytes', () => {
  it('is the inverse of addressText', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const bytes = addressBytes(address);
        expect(bytes).toHaveLength(16);
        expect(addressBytes(addressText(10, bytes)).equals(bytes)).toBe(true);
        if (isIPv6(address)) expect(new URL(`http://[${address}]/`).hostname.length).toBeGreaterThan(2);
      }),
    );
    expect(addressBytes('::1').toString('hex')).toBe('00000000000000000000000000000001');
    expect(addressBytes('::ffff:10.1.2.3').equals(addressBytes('10.1.2.3'))).toBe(true);
  });

  it('refuses what is no address', () => {
    for (const text of ['', 'localhost', '1.2.3', 'fe80::1%eth0'])
      expect(() => addressBytes(text)).toThrow('not an IP');
  });
});

describe('parseListening', () => {
  it('finds the ports that are listened on', () => {
    const text =
      '  sl  local_address rem_address   st tx_queue\n' +
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n' +
      '   1: 0100007F:D2F0 0100007F:1F90 01 00000000:00000000\n' +
      '   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0\n';
    expect(parseListening(text)).toEqual([8080, 80]);
  });
});

describe('ringBytesFor', () => {
  const MiB = 1024 * 1024;
  it('is a power of two, small on a small machine', () => {
    expect(
      [128, 512, 1000, 2048, 4096, 5000, 65_536].map((memory) => ringBytesFor(memory * MiB) / MiB),
    ).toEqual([4, 8, 8, 32, 64, 64, 64]);
  });
});

describe('agentHealth', () => {
  const well: HealthEffects = {
    platform: 'linux',
    arch: 'x64',
    uid: 0,
    hasBtf: () => true,
    libbpf: () => 'v1.1',
    cgroupRoot: async () => '/sys/fs/cgroup',
    load: () => ({ ioUring: true }),
  };
  const throwing = (message: string) => (): never => {
    throw new Error(message);
  };

  it('is well when nothing is missing', async () => {
    expect(await agentHealth(well)).toMatchObject({ ok: true, reason: null, facts: { libbpf: 'v1.1' } });
  });

  it.each([
    ['the processor', { arch: 'arm64' }, 'x64'],
    ['the system', { platform: 'darwin' }, 'Linux'],
    ['the library', { libbpf: throwing('libbpf.so.1 is not installed') }, 'libbpf'],
    ['the type information', { hasBtf: () => false }, 'BTF|btf'],
    ['the cgroups', { cgroupRoot: async () => undefined }, 'cgroup v2'],
    ['the right', { uid: 1000 }, 'root'],
    ['the kernel', { load: throwing('the kernel does not take it') }, 'does not take'],
  ] as [string, Partial<HealthEffects>, string][])('names what is missing: %s', async (_, lack, words) => {
    const health = await agentHealth({ ...well, ...lack });
    expect(health.ok).toBe(false);
    expect(health.reason).toMatch(new RegExp(words));
  });
});

describe('requests to the agent', () => {
  const valid = (call: object): boolean => requestSchema.safeParse({ id: 1, call }).success;
  it('are checked', () => {
    const redirect = { method: 'redirect', cgroupPath: '/x', rules: [], catchAllPort: 1, dnsPort: 2 };
    expect(valid(redirect)).toBe(true);
    expect(valid({ ...redirect, dnsPort: 65_536 })).toBe(false);
    expect(valid({ ...redirect, rules: [{ address: 'host', port: 1, toPort: 1 }] })).toBe(false);
    expect(valid({ method: 'tap', cgroupPath: '/x', cgroupId: '12', folder: '/y' })).toBe(true);
    expect(valid({ method: 'tap', cgroupPath: '/x', cgroupId: '-1', folder: '/y' })).toBe(false);
    expect(valid({ method: 'run', argv: ['sh'] })).toBe(false);
  });
});
