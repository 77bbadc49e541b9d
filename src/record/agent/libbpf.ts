import koffi from 'koffi';
import { resolve } from 'node:path';
import { VouchError } from '../../lib/errors.ts';

/** Where the compiled programs lie. */
export const OBJECTS = resolve(import.meta.dirname, '../../../agent');

/** An address in our own memory; koffi hands pointers out as opaque values. */
export type Pointer = unknown;

type Call = (...args: unknown[]) => unknown;

interface Library {
  bpf: Record<
    | 'open'
    | 'load'
    | 'close'
    | 'findMap'
    | 'mapFd'
    | 'setMaxEntries'
    | 'findProgram'
    | 'setAutoload'
    | 'attach'
    | 'attachCgroup'
    | 'destroyLink'
    | 'update'
    | 'lookup'
    | 'remove'
    | 'nextKey'
    | 'possibleCpus'
    | 'version',
    Call
  >;
  mmap: Call;
  munmap: Call;
  clockGettime: Call;
}

let library: Library | undefined;

/** libbpf 1.x and the few calls of libc, loaded on first use; throws `missing-part` when it is not there. */
function lib(): Library {
  library ??= loadLibrary();
  return library;
}

function loadLibrary(): Library {
  let handle: ReturnType<typeof koffi.load>;
  try {
    handle = koffi.load('libbpf.so.1');
  } catch (cause) {
    throw new VouchError('missing-part', 'libbpf.so.1 is not installed', {
      hint: 'apt-get install libbpf1',
      cause,
    });
  }
  const libc = koffi.load('libc.so.6');
  const f = (signature: string): Call => handle.func(signature) as Call;
  const bpf: Library['bpf'] = {
    open: f('void *bpf_object__open_file(const char *path, const void *opts)'),
    load: f('int bpf_object__load(void *obj)'),
    close: f('void bpf_object__close(void *obj)'),
    findMap: f('void *bpf_object__find_map_by_name(void *obj, const char *name)'),
    mapFd: f('int bpf_map__fd(void *map)'),
    setMaxEntries: f('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    findProgram: f('void *bpf_object__find_program_by_name(void *obj, const char *name)'),
    setAutoload: f('int bpf_program__set_autoload(void *prog, bool autoload)'),
    attach: f('void *bpf_program__attach(void *prog)'),
    attachCgroup: f('void *bpf_program__attach_cgroup(void *prog, int fd)'),
    destroyLink: f('int bpf_link__destroy(void *link)'),
    update: f('int bpf_map_update_elem(int fd, const uint8_t *key, const uint8_t *value, uint64_t flags)'),
    lookup: f('int bpf_map_lookup_elem(int fd, const uint8_t *key, uint8_t *value)'),
    remove: f('int bpf_map_delete_elem(int fd, const uint8_t *key)'),
    nextKey: f('int bpf_map_get_next_key(int fd, const uint8_t *key, uint8_t *next)'),
    possibleCpus: f('int libbpf_num_possible_cpus()'),
    version: f('const char *libbpf_version_string()'),
  };
  // Its own complaints would go to standard error; what failed is said by the caller.
  (handle.func('void *libbpf_set_print(void *fn)') as Call)(null);
  return {
    bpf,
    mmap: libc.func(
      'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
    ) as Call,
    munmap: libc.func('int munmap(void *addr, size_t length)') as Call,
    clockGettime: libc.func('int clock_gettime(int clock, int64_t *time)') as Call,
  };
}

export function libbpfVersion(): string {
  return String(lib().bpf.version());
}

export function possibleCpus(): number {
  return Number(lib().bpf.possibleCpus());
}

/** Microseconds since 1970, as exact as the kernel's clock. */
export function wallMicros(): number {
  const time = new BigInt64Array(2);
  lib().clockGettime(0, time);
  return Number(time[0]) * 1e6 + Number(time[1]) / 1000;
}

/** Memory shared with the kernel. `writable` false maps it read-only. */
export function mapMemory(
  fd: number,
  offset: number,
  length: number,
  writable: boolean,
): { memory: ArrayBuffer; unmap: () => void } {
  const PROT_READ = 1;
  const PROT_WRITE = 2;
  const MAP_SHARED = 1;
  const address = lib().mmap(
    null,
    length,
    writable ? PROT_READ | PROT_WRITE : PROT_READ,
    MAP_SHARED,
    fd,
    offset,
  );
  if (koffi.address(address) === 0xffff_ffff_ffff_ffffn) {
    throw new VouchError(
      'unavailable',
      `cannot map ${length} bytes of the kernel's ring: errno ${koffi.errno()}`,
    );
  }
  return { memory: koffi.view(address, length), unmap: () => void lib().munmap(address, length) };
}

/** A map of a loaded object, by keys and values of fixed sizes. */
export class BpfMap {
  readonly fd: number;
  constructor(fd: number) {
    this.fd = fd;
  }

  set(key: Buffer, value: Buffer): void {
    const result = Number(lib().bpf.update(this.fd, key, value, 0));
    if (result !== 0)
      throw new VouchError('unavailable', `a kernel map takes no more entries (errno ${-result})`);
  }

  get(key: Buffer, size: number): Buffer | null {
    const value = Buffer.alloc(size);
    return Number(lib().bpf.lookup(this.fd, key, value)) === 0 ? value : null;
  }

  delete(key: Buffer): void {
    lib().bpf.remove(this.fd, key);
  }

  /** All keys there are now; at most `limit`, since others change the map meanwhile. */
  keys(size: number, limit = 100_000): Buffer[] {
    const found: Buffer[] = [];
    let key: Buffer | null = null;
    while (found.length < limit) {
      const next = Buffer.alloc(size);
      if (Number(lib().bpf.nextKey(this.fd, key, next)) !== 0) break;
      found.push(next);
      key = next;
    }
    return found;
  }
}

/** One loaded object. The kernel removes all of it when this process ends, however it ends. */
export class BpfObject {
  readonly #name: string;
  #object: Pointer;
  readonly #links: Pointer[] = [];

  constructor(name: string, path: string) {
    this.#name = name;
    this.#object = lib().bpf.open(path, null);
    if (!this.#object) {
      throw new VouchError(
        'missing-part',
        `${path}: cannot be opened as an eBPF object (errno ${koffi.errno()})`,
        {
          hint: 'npm run build:agent',
        },
      );
    }
  }

  setMaxEntries(map: string, entries: number): void {
    lib().bpf.setMaxEntries(this.#map(map), entries);
  }

  setAutoload(program: string, on: boolean): void {
    lib().bpf.setAutoload(this.#program(program), on);
  }

  load(): void {
    const result = Number(lib().bpf.load(this.#object));
    if (result === 0) return;
    const denied = result === -1 || result === -13;
    throw new VouchError(
      denied ? 'forbidden' : 'missing-part',
      `the kernel does not take ${this.#name}.bpf.o: errno ${-result}`,
      {
        hint: denied ? 'run as root' : 'a kernel from 5.17 on with BTF (/sys/kernel/btf/vmlinux) is needed',
      },
    );
  }

  map(name: string): BpfMap {
    return new BpfMap(Number(lib().bpf.mapFd(this.#map(name))));
  }

  /** Attaches to what the program's section names. */
  attach(program: string): void {
    this.#keep(lib().bpf.attach(this.#program(program)), program);
  }

  attachCgroup(program: string, cgroupFd: number): void {
    this.#keep(lib().bpf.attachCgroup(this.#program(program), cgroupFd), program);
  }

  detachAll(): void {
    for (const link of this.#links.splice(0)) lib().bpf.destroyLink(link);
  }

  close(): void {
    this.detachAll();
    if (this.#object) lib().bpf.close(this.#object);
    this.#object = null;
  }

  #keep(link: Pointer, program: string): void {
    if (!link) {
      throw new VouchError(
        'unavailable',
        `${this.#name}.bpf.o: ${program} cannot be attached (errno ${koffi.errno()})`,
      );
    }
    this.#links.push(link);
  }

  #map(name: string): Pointer {
    const map = lib().bpf.findMap(this.#object, name);
    if (!map) throw new Error(`${this.#name}.bpf.o has no map ${name}`);
    return map;
  }

  #program(name: string): Pointer {
    const program = lib().bpf.findProgram(this.#object, name);
    if (!program) throw new Error(`${this.#name}.bpf.o has no program ${name}`);
    return program;
  }
}
