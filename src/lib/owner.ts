import { readFileSync } from 'node:fs';

/**
 * A mark for names of things that outlive a crash (cgroups, containers): process id and start time, so that a reused
 * process id is not taken for the owner. Start time in clock ticks since boot: field 22 of /proc/PID/stat, proc(5).
 */
export function ownerMark(pid: number = process.pid): string {
  const start = startTime(pid);
  if (start === undefined) throw new Error(`process ${pid} is not there`);
  return `${pid}-${start}`;
}

/** The mark at the beginning of a name, and whether that process still runs. Undefined if there is none. */
export function ownerOf(name: string): { mark: string; alive: boolean } | undefined {
  const match = /^(\d{1,10})-(\d{1,20})(?=-|$)/.exec(name);
  if (match === null) return undefined;
  return { mark: match[0], alive: startTime(Number(match[1])) === match[2] };
}

/** Whether the process is there and is more than a zombie. */
export function isRunning(pid: number): boolean {
  return startTime(pid) !== undefined;
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, and may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
