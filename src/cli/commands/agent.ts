import type { Define } from '../program.ts';

export const agent: Define = (program, { run, example }) => {
  const command = program
    .command('agent')
    .description('the privileged process that records: run it as root, beside a server that is not')
    .option(
      '--socket <path>',
      'the unix socket that the server asks (default: recorder.socket, agent.sock in the data folder)',
    )
    .option(
      '--group <name>',
      'members of this group may ask it, too: they can record every program of this machine (default: only its own user)',
    )
    .action(
      run(async (session, options: { socket?: string; group?: string }) => {
        const { runAgent } = await import('../run-agent.ts');
        await runAgent(session, options);
      }),
    );
  example(command, 'vouch agent', 'vouch agent --socket /run/vouch/agent.sock --group vouch');
};
