/** A server of its own, for tests that kill it: `node deploy-child.ts FOLDER`. Prints where to push as JSON. */
import { createServer } from 'node:net';
import { startServer } from './deploy-setup.ts';

const running = await startServer(process.argv[2]!);
process.stdout.write(`${JSON.stringify({ remote: running.remote('APP') })}\n`);
// Held open so that the process lives until it is killed.
createServer().listen(0, '127.0.0.1');
