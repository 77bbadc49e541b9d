import type { Chunk } from '../protocol/port.ts';

export interface Endpoint {
  /** IPv4 or IPv6 address as text; the path of a unix socket (an abstract one begins with `@`). */
  host: string;
  /** 0 for a unix socket. */
  port: number;
}

/** One connection of a tapped app, as far as it is in the segments that were read. */
export interface RecordedConnection {
  /** Unique within the folder; stable over repeated reads. Letters, digits and `-`. */
  id: string;
  /** Seen from the app: did it accept the connection, or open it? */
  direction: 'inbound' | 'outbound';
  transport: 'tcp' | 'udp' | 'unix';
  /** Of the first process that was seen to use it. */
  pid: number;
  /** Microseconds since 1970. Where it was open before the tap, when it was first seen. */
  openedAt: number;
  closedAt: number | null;
  local: Endpoint;
  remote: Endpoint;
  /** In order of time. `lost` of the first one counts bytes that lie before the part that was read. */
  chunks: Chunk[];
  /** Bytes known to have passed without being captured. Bytes outside the time asked for do not count. */
  lostBytes: number;
  /** Why this is not all that passed, or null. */
  incomplete: string | null;
  /**
   * How data passed that leaves neither bytes nor a count of them (io_uring), or null. Part of `incomplete`. What was
   * sent by sendfile or splice is counted, as a gap at its place.
   */
  unseen: string | null;
  /** Errno of a connect that failed (111: refused), else null. */
  failed: number | null;
}

/** What a process of the app wrote to fd 1 or 2. */
export interface StdioChunk {
  at: number;
  pid: number;
  tid: number;
  fd: 1 | 2;
  bytes: Uint8Array;
  /** Bytes of this process and descriptor that were lost just before. */
  lost?: number;
}
