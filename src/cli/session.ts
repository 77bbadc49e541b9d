import type { Command } from 'commander';
import { dataFolder } from '../config/config.ts';
import { VouchError } from '../lib/errors.ts';
import type { Client } from './client.ts';

/** Where a command line reads and writes. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
}

/** What a command is given besides its own arguments. */
export interface Session {
  readonly json: boolean;
  /** The absolute data folder. */
  readonly folder: string;
  readonly io: Io;
  /** Aborted by Ctrl-C: long work ends, then the command does. */
  readonly signal: AbortSignal;
  /** The server of the data folder, or the same API in this process when none runs. Opened once, closed at the end. */
  client(): Promise<Client>;
  /** One line of how long work goes, on standard error. */
  progress: (line: string) => void;
  /** Prints the command's answer: the value with `--json`, else what people read. */
  answer(value: unknown, human: () => string): void;
  /** The exit status when nothing was thrown; 0 unless it is set. */
  exit(status: number): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const STATUSES = new WeakMap<Command, number>();

/** The status that the command of this program ended with. */
export function ended(program: Command): number {
  return STATUSES.get(program) ?? 0;
}

/** Makes the session of one command, runs it, and closes what it opened. */
export async function runSession(
  program: Command,
  command: Command,
  io: Io,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const { json = false, data } = command.optsWithGlobals<{ json?: boolean; data?: string }>();
  const folder = dataFolder(data, io.env);
  const interrupted = new AbortController();
  let first = 0;
  const interrupt = (): void => {
    // The second time, nothing is waited for. One Ctrl-C may come twice: from the terminal and from whoever started us.
    if (interrupted.signal.aborted && performance.now() - first > 500) process.exit(130);
    if (interrupted.signal.aborted) return;
    first = performance.now();
    interrupted.abort(new VouchError('inconclusive', 'interrupted'));
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  let opened: Promise<Client> | undefined;
  try {
    await work({
      json,
      folder,
      io,
      signal: interrupted.signal,
      client: () => (opened ??= import('./client.ts').then(({ connect }) => connect(folder, io))),
      progress: (line) => io.err(`${line}\n`),
      answer: (value, human) => io.out(`${(json ? JSON.stringify(value) : human()).trimEnd()}\n`),
      exit: (status) => void STATUSES.set(program, status),
    });
  } finally {
    await (await opened?.catch(() => undefined))?.close();
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}
