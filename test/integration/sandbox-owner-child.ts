/** A program of the contract suite: owns a running sandbox until it is killed. Arguments: level, tree. */
import { sandboxes } from '../../src/sandbox/registry.ts';
import { specOf } from '../../src/sandbox/contract/harness.ts';

const [level, tree] = process.argv.slice(2);
const sandbox = sandboxes()[level === 'oci' ? 'oci' : 'local'];
const place = await sandbox.prepare(specOf(tree!));
const program = await place.start();
program.stdout.once('data', () => {
  process.stdout.write(`${JSON.stringify({ pid: program.pid, cgroupPath: place.cgroupPath })}\n`);
});
setInterval(() => {}, 1000);
