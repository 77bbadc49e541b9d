/** A server of its own, for tests that kill it: `node deploy-child.ts FOLDER`. Prints its two ports as JSON. */
import { createServer } from 'node:net';
import { startServer } from './deploy-setup.ts';

const running = await startServer(process.argv[2]!);
const { remote, deployer } = running;
process.stdout.write(`${JSON.stringify({ remote: remote('APP'), routerPort: deployer.routerPort })}\n`);
// Held open so that the process lives until it is killed.
createServer().listen(0, '127.0.0.1');
