import { readFileSync } from 'node:fs';

const LISTEN = '0A';
const KEEP_MS = 1000;
const MAX_PROCESSES = 1000;

/**
 * Which TCP ports are listened on in a process's network namespace, from /proc/PID/net/tcp and tcp6. Tells, for a
 * connection that was open before the tap, whether the process had accepted it.
 */
export class Listeners {
  readonly #known = new Map<number, { until: number; ports: Set<number> }>();

  has(pid: number, port: number, now: number = performance.now()): boolean {
    let entry = this.#known.get(pid);
    if (!entry || entry.until < now) {
      entry = { until: now + KEEP_MS, ports: listeningPorts(pid) };
      this.#known.delete(pid);
      this.#known.set(pid, entry);
      if (this.#known.size > MAX_PROCESSES) this.#known.delete(this.#known.keys().next().value!);
    }
    return entry.ports.has(port);
  }
}

function listeningPorts(pid: number): Set<number> {
  const ports = new Set<number>();
  for (const file of ['tcp', 'tcp6']) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/net/${file}`, 'utf8');
    } catch {
      continue; // the process is gone, or there is no IPv6
    }
    for (const port of parseListening(text)) ports.add(port);
  }
  return ports;
}

/** `sl local_address rem_address st …`, the local address as `HEX:PORT`. */
export function parseListening(text: string): number[] {
  const ports: number[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local, , state] = line.trim().split(/\s+/);
    if (state === LISTEN && local) ports.push(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
  }
  return ports;
}
