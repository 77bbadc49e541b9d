import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import { addressText } from '../connections-builder.ts';
import { findCgroup, withCgroup } from './cgroup.ts';
import { BpfObject, OBJECTS } from './libbpf.ts';
import type { RedirectRequest } from './port.ts';

const PROGRAMS = ['connect', 'sendmsg', 'recvmsg', 'getpeername'].flatMap((hook) => [
  `on_${hook}4`,
  `on_${hook}6`,
]);
const DESTINATION = 20;
const ACTION_REDIRECT = 1;
const ACTION_REFUSE = 2;
const PORT_PASSES = 1;
const PORT_IS_OURS = 2;
const FAMILY_IPV6 = 10;

export interface Stray {
  address: string;
  port: number;
  count: number;
}

/** The egress of one cgroup, sent elsewhere while this lives. Each has its own object and maps: nothing is shared. */
export class CgroupRedirect {
  readonly #object: BpfObject;

  private constructor(object: BpfObject) {
    this.#object = object;
  }

  /** Throws for a cgroup that is not there or an address that is none; then nothing is attached. */
  static async attach(request: RedirectRequest): Promise<CgroupRedirect> {
    const cgroup = await findCgroup(request.cgroupPath);
    const object = new BpfObject('redirect', join(OBJECTS, 'redirect.bpf.o'));
    try {
      object.load();
      fill(object, request);
      withCgroup(cgroup.path, (fd) => {
        for (const program of PROGRAMS) object.attachCgroup(program, fd);
      });
      return new CgroupRedirect(object);
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** What was asked for and is in no rule, in order of first use. */
  strays(): Stray[] {
    const map = this.#object.map('strays');
    const found: (Stray & { first: bigint })[] = [];
    for (const key of map.keys(DESTINATION)) {
      const value = map.get(key, 16);
      if (!value) continue;
      found.push({
        address: addressText(FAMILY_IPV6, key.subarray(0, 16)),
        port: key.readUInt16LE(16),
        count: Number(value.readBigUInt64LE(0)),
        first: value.readBigUInt64LE(8),
      });
    }
    found.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
    const strays = found.map(({ address, port, count }) => ({ address, port, count }));
    const more = Number(this.#object.map('overflow').get(Buffer.alloc(4), 8)?.readBigUInt64LE(0) ?? 0n);
    if (more > 0) strays.push({ address: '', port: 0, count: more });
    return strays;
  }

  detach(): void {
    this.#object.close();
  }
}

function fill(object: BpfObject, request: RedirectRequest): void {
  const settings = Buffer.alloc(4);
  settings.writeUInt16LE(request.catchAllPort, 0);
  settings.writeUInt16LE(request.dnsPort, 2);
  object.map('settings_map').set(Buffer.alloc(4), settings);
  const ports = object.map('ports');
  const rules = object.map('rules');
  for (const port of [request.catchAllPort, request.dnsPort])
    ports.set(u16(port), Buffer.from([PORT_IS_OURS]));
  for (const { address, port } of request.refuse ?? [])
    rules.set(destination(address, port), rule(ACTION_REFUSE, 0));
  for (const { address, port, toPort } of request.rules) {
    rules.set(destination(address, port), rule(ACTION_REDIRECT, toPort));
    ports.set(u16(toPort), Buffer.from([PORT_IS_OURS]));
  }
  for (const port of request.passPorts ?? []) ports.set(u16(port), Buffer.from([PORT_PASSES]));
}

function rule(action: number, toPort: number): Buffer {
  return Buffer.concat([u16(action), u16(toPort)]);
}

/** `struct destination`: the address as IPv6, the port, padding. */
function destination(address: string, port: number): Buffer {
  const key = Buffer.alloc(DESTINATION);
  addressBytes(address).copy(key);
  key.writeUInt16LE(port, 16);
  return key;
}

/** 16 bytes of an IPv6 address; an IPv4 one is mapped (`::ffff:a.b.c.d`). */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) {
    return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff, ...address.split('.').map(Number)])]);
  }
  if (!isIPv6(address) || address.includes('%'))
    throw new VouchError('usage', `${address}: not an IP address`);
  // Dotted tail to two groups, then the gap filled up.
  const text = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a: string, b: string, c: string, d: string) =>
      [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeroes = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const bytes = Buffer.alloc(16);
  [...before, ...zeroes, ...after].forEach((group, i) =>
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i),
  );
  return bytes;
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}
