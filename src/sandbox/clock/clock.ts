import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the library is inside a sandbox, when the clock is moved. */
export const CLOCK_LIBRARY = '/opt/lib/libclock.so';
/** Read by the dynamic linker of glibc before anything that `LD_PRELOAD` says: nothing shows in the environment. */
export const PRELOAD_FILE = '/etc/ld.so.preload';

const MARKER = 'wall-clock-shift';
const FILES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'clock-x64.so', arm64: 'clock-arm64.so' };

/** The library that moves the wall clock by so many milliseconds; undefined on processors that it is not built for. */
export function clockLibrary(
  shiftMs: number,
  architecture: NodeJS.Architecture = process.arch,
): Buffer | undefined {
  const file = FILES[architecture];
  if (file === undefined) return undefined;
  const library = readFileSync(join(import.meta.dirname, file));
  const at = library.indexOf(MARKER);
  if (at === -1) throw new Error(`${file}: no marker`);
  library.writeBigInt64LE(BigInt(Math.round(shiftMs * 1000)) * 1000n, at + MARKER.length);
  return library;
}

/**
 * Whether the process runs with the moved clock: the linker has mapped the library into it. A statically linked program,
 * or one of another C library, has not.
 */
export function hasMovedClock(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(CLOCK_LIBRARY);
  } catch {
    return false; // gone
  }
}
