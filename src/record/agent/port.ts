import type { Json } from '../../lib/json.ts';

/**
 * What the privileged process (`vouch agent`) does for others, over one unix socket. It knows nothing of apps: it taps
 * cgroups into folders, and sends the connections of a cgroup elsewhere. Everything that a client asked for ends when
 * that client's connection ends (a killed server or test leaves nothing attached), except taps marked `keep`.
 */
export interface Agent {
  /**
   * Writes what the cgroup's processes read and write on sockets, and what they write to fd 1 and 2, to segments in
   * `folder`. Filtered in the kernel by cgroup id. Descendant cgroups are followed when `descendants`.
   */
  tap(request: TapRequest): Promise<void>;
  untap(cgroupId: bigint): Promise<void>;
  /** Waits until everything that was captured so far is in the segment files. */
  flush(cgroupId: bigint): Promise<TapStats>;
  /** Sends connections and DNS datagrams of a cgroup (a path below the v2 root) to local ports. */
  redirect(request: RedirectRequest): Promise<Redirection>;
  close(): Promise<void>;
}

export interface TapRequest {
  cgroupPath: string;
  cgroupId: bigint;
  folder: string;
  /** Oldest segments are deleted past this. Default 1 GiB. */
  maxBytes?: number;
  descendants?: boolean;
  /** Goes on when the client that asked for it is gone, until `untap` or until the cgroup is removed. */
  keep?: boolean;
}

export interface TapStats {
  events: number;
  bytes: number;
  /** Bytes lost, all connections; each connection's own count is in the segments. */
  lostBytes: number;
  connections: number;
}

export interface RedirectRequest {
  cgroupPath: string;
  rules: RedirectRule[];
  /** Where connections to anything else go. It answers by refusing. */
  catchAllPort: number;
  /** Where datagrams to any port 53 go. */
  dnsPort: number;
  /** Loopback ports that are connected to as they are. Ports that the app itself listens on need not be named. */
  passPorts?: number[];
  /** Destinations that are refused (ECONNREFUSED) as they were when recorded; not reported as strays. */
  refuse?: { address: string; port: number }[];
}

interface RedirectRule {
  /** IPv4 or IPv6 address as text. */
  address: string;
  port: number;
  toPort: number;
}

export interface Redirection {
  /**
   * Destinations that were asked for and are in no rule, each once, in order of first use. Past 4,096 of them the rest
   * is one entry with the address '' and port 0.
   */
  strays(): Promise<{ address: string; port: number; count: number }[]>;
  detach(): Promise<void>;
}

/** What the kernel side can do here, for `vouch doctor`. */
export interface AgentHealth {
  ok: boolean;
  reason: string | null;
  mend: string | null;
  facts: Json;
}
