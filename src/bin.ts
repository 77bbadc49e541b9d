import { main } from './cli/main.ts';

// Started by an older Node (`bin/vouch`): when that one is killed, we end as if we had been told to.
if (process.channel) {
  process.channel.unref();
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

process.exitCode = await main(process.argv.slice(2));
