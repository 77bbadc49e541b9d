/**
 * The agent as a child process of `startAgent`: `entry.ts SOCKET`. Says on standard output when it is ready, or why
 * not, as one line of JSON; ends when its standard input does, which its parent holds open.
 */
import { VouchError, messageOf } from '../../lib/errors.ts';
import { createLogger } from '../../lib/log.ts';
import { runAgent } from './main.ts';

const socketPath = process.argv[2];
const ending = new AbortController();
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

process.stdin.on('end', () => ending.abort());
process.stdin.on('error', () => ending.abort());
process.stdin.resume();
process.stdout.on('error', () => ending.abort());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort());

try {
  if (socketPath === undefined) throw new VouchError('usage', 'entry.ts: no socket given');
  await runAgent({
    socketPath,
    logger: createLogger('warn', 'vouch-agent'),
    signal: ending.signal,
    onReady: () => say({ id: null, result: 'ready' }),
  });
  process.exit(0);
} catch (error) {
  const expected = error instanceof VouchError;
  say({
    id: null,
    error: {
      code: expected ? error.code : 'unavailable',
      message: messageOf(error),
      hint: expected ? error.hint : undefined,
    },
  });
  process.exit(4);
}
