import type { DemoOptions } from '../demo/demo.ts';
import { whole } from '../options.ts';
import type { Define } from '../program.ts';

export const demo: Define = (program, { run, example }) => {
  const command = program
    .command('demo')
    .description(
      'the whole loop on the bundled shop: push, record, break, prove, pull request; stays up until Ctrl-C',
    )
    .option('--merge', 'accept the pull request as a named person, deploy it, and roll back')
    .option('--as <name>', 'who accepts it, with --merge (default: the user of this shell)')
    .option('--port <n>', 'port of the server (default: any free one)', whole(0, 65_535))
    .action(
      run(async (session, options: DemoOptions) => {
        const { runDemo } = await import('../demo/demo.ts');
        await runDemo(session, options);
      }),
    );
  example(command, 'vouch demo', 'vouch demo --merge --json');
};
