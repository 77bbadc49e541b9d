import { readFileSync, readdirSync } from 'node:fs';

/** F_SETFD and FD_CLOEXEC of fcntl(2); O_CLOEXEC as /proc/PID/fdinfo shows it, in octal. */
const SET_FLAGS = 2;
const CLOSE_ON_EXEC = 1;
const SHOWN_CLOSE_ON_EXEC = 0o2000000;

let done: Promise<number[]> | undefined;

/**
 * Keeps open files that our own parent left open to us from the programs that we start. Node marks what it
 * opens itself, and of what it inherits only the first ones without a gap. Once is enough. Returns the descriptors that were marked.
 */
export function keepInheritedFiles(): Promise<number[]> {
  return (done ??= markInherited());
}

async function markInherited(): Promise<number[]> {
  const inherited = readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor > 2 && isInheritable(descriptor));
  if (inherited.length === 0) return [];
  const { default: koffi } = await import('koffi'); // only here: loading it takes longer than all else
  const fcntl = koffi.load('libc.so.6').func('int fcntl(int, int, int)');
  for (const descriptor of inherited) fcntl(descriptor, SET_FLAGS, CLOSE_ON_EXEC);
  return inherited;
}

function isInheritable(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & SHOWN_CLOSE_ON_EXEC) === 0;
  } catch {
    return false; // the folder's own, closed in the meantime
  }
}
