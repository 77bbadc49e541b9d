import type { Define } from '../program.ts';
import { showProposal } from '../show/proposal.ts';

export const proposal: Define = (program, { run, example }) => {
  const command = program
    .command('proposal <id>')
    .description('show a proposal: its gates, its patch, the answers before and after, what was decided')
    .option('--patch', 'print the patch only')
    .option('--pr', 'open a pull request for it')
    .option('--follow', 'do again what was decided, where that failed')
    .action(
      run(async (session, id: string, options: { patch?: true; pr?: true; follow?: true }) => {
        const { progress: onProgress, signal } = session;
        const client = await session.client();
        const params = { proposal: id };
        if (options.pr) await client.call('openPullRequest', { params });
        if (options.follow) {
          const { followed } = await client.call('follow', { params }, { onProgress, signal });
          if (followed.error !== null) session.exit(4);
        }
        const found = await client.call('getProposal', { params });
        session.answer(found, () => (options.patch ? found.patch : showProposal(found)));
      }),
    );
  example(command, 'vouch proposal prp_1x2y3z', 'vouch proposal prp_1x2y3z --patch | git apply');
};
