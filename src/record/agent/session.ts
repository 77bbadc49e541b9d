import { statSync } from 'node:fs';
import { VouchError } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import { CgroupRedirect } from './redirect.ts';
import type { TapEngine } from './tap.ts';
import type { WireCall } from './wire.ts';

/** Taps that outlive their client: cgroup id → path. Shared by all sessions of an agent. */
export type Kept = Map<bigint, string>;

/** What one client has asked for; `end` undoes it. */
export class Session {
  readonly #engine: TapEngine;
  readonly #kept: Kept;
  readonly #taps = new Set<bigint>();
  readonly #redirects = new Map<number, CgroupRedirect>();
  #nextRedirect = 1;

  constructor(engine: TapEngine, kept: Kept) {
    this.#engine = engine;
    this.#kept = kept;
  }

  async handle(call: WireCall): Promise<Json> {
    switch (call.method) {
      case 'tap': {
        const { method: _, cgroupId: id, keep, ...rest } = call;
        const cgroupId = BigInt(id);
        await this.#engine.add({ ...rest, cgroupId });
        if (keep) this.#kept.set(cgroupId, rest.cgroupPath);
        else this.#taps.add(cgroupId);
        return null;
      }
      case 'untap': {
        const cgroupId = this.#mine(call.cgroupId);
        await this.#engine.remove(cgroupId);
        this.#taps.delete(cgroupId);
        this.#kept.delete(cgroupId);
        return null;
      }
      case 'flush':
        return { ...(await this.#engine.flush(this.#mine(call.cgroupId))) };
      case 'redirect': {
        const { method: _, ...request } = call;
        const number = this.#nextRedirect++;
        this.#redirects.set(number, await CgroupRedirect.attach(request));
        return number;
      }
      case 'strays':
        return this.#redirect(call.redirection)
          .strays()
          .map((stray) => ({ ...stray }));
      case 'detach':
        this.#redirect(call.redirection).detach();
        this.#redirects.delete(call.redirection);
        return null;
    }
  }

  async end(): Promise<void> {
    for (const redirect of this.#redirects.values()) redirect.detach();
    this.#redirects.clear();
    for (const cgroupId of this.#taps) {
      if (this.#engine.tapped().includes(cgroupId)) await this.#engine.remove(cgroupId);
    }
    this.#taps.clear();
  }

  /** A client may touch its own taps and those that are kept, not another client's. */
  #mine(text: string): bigint {
    const cgroupId = BigInt(text);
    if (this.#taps.has(cgroupId) || this.#kept.has(cgroupId)) return cgroupId;
    throw new VouchError('not-found', `cgroup ${text} is not tapped by this client`);
  }

  #redirect(number: number): CgroupRedirect {
    const redirect = this.#redirects.get(number);
    if (!redirect) throw new VouchError('not-found', `there is no redirection ${number}`);
    return redirect;
  }
}

/** Ends kept taps whose cgroup has been removed. */
export async function dropOrphans(engine: TapEngine, kept: Kept): Promise<void> {
  for (const [cgroupId, path] of kept) {
    if (exists(path)) continue;
    kept.delete(cgroupId);
    if (engine.tapped().includes(cgroupId)) await engine.remove(cgroupId);
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
