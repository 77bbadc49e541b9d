import { lineSplitter } from '../lib/lines.ts';
import type { Exit } from '../sandbox/port.ts';
import type { Case, Changes } from './case.ts';
import type { CheckResult } from './facts.ts';

const DEADLINE_MS = 120_000;
const KEPT_LINES = 400;

/** Runs one of the app's own checks (its tests, its type-check) in a fresh sandbox without network. Throws the reason of the case's signal. */
export async function runCheck(at: Case, argv: readonly string[], changes: Changes): Promise<CheckResult> {
  at.signal?.throwIfAborted();
  const prepared = await at.sandbox.prepare({
    id: `c-${process.pid.toString(36)}-${(counter++).toString(36)}`,
    tree: at.tree,
    image: at.image,
    changes,
    argv,
    env: { ...at.env, PORT: String(at.port) },
    network: 'none',
    limits: at.limits,
    writable: true,
  });
  try {
    const program = await prepared.start();
    const lines: string[] = [];
    for (const stream of [program.stdout, program.stderr]) {
      const splitter = lineSplitter((line) => {
        if (line.trim() !== '') lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
      });
      stream.on('data', (chunk: Buffer) => splitter.push(chunk));
      stream.on('end', () => splitter.end());
    }
    const exit = await endOrDeadline(program.exited, at.signal);
    if (exit === null) return { passed: false, detail: `not done after ${DEADLINE_MS / 1000} s` };
    const passes = lines
      .map((line) => /^(?:ℹ |# )?pass (\d+)|\b(\d+) (?:passed|passing)\b/.exec(line))
      .findLast((match) => match !== null);
    const counts = passes ? `${passes[1] ?? passes[2]} pass` : 'passed';
    const failure = lines.find((line) => /^not ok|^✖|FAIL|AssertionError|error TS\d+/.test(line.trim()));
    const passed = exit.code === 0;
    return {
      passed,
      detail: (passed ? counts : (failure ?? lines.at(-1) ?? `status ${exit.code}`)).trim().slice(0, 300),
    };
  } finally {
    await prepared.destroy();
  }
}

/** How it ended; null when that takes too long. */
async function endOrDeadline(exited: Promise<Exit>, signal: AbortSignal | undefined): Promise<Exit | null> {
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  const cut = new Promise<null>((resolve, reject) => {
    timer = setTimeout(() => resolve(null), DEADLINE_MS);
    abort = () => reject(signal!.reason as Error);
    signal?.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([exited, cut]);
  } finally {
    clearTimeout(timer);
    if (abort) signal?.removeEventListener('abort', abort);
  }
}

let counter = 0;
