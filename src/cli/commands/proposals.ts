import { Option } from 'commander';
import type { Define } from '../program.ts';
import { brief, paintVerdict, table, when } from '../style.ts';

interface Options {
  incident?: string;
  app?: string;
  verdict?: 'verified' | 'rejected' | 'inconclusive';
}

export const proposals: Define = (program, { run, example }) => {
  const command = program
    .command('proposals')
    .description('list proposals, newest first')
    .option('--incident <id>', 'of this incident')
    .option('--app <name>', 'of this app')
    .addOption(
      new Option('--verdict <verdict>', 'with this verdict').choices([
        'verified',
        'rejected',
        'inconclusive',
      ]),
    )
    .action(
      run(async (session, { incident, app, verdict }: Options) => {
        const client = await session.client();
        const found = await client.call('listProposals', { query: { subject: incident, app, verdict } });
        session.answer(found, () =>
          table(
            ['proposal', 'made', 'verdict', 'engine', 'decision', 'title'],
            found.map(({ id, createdAt, verdict: says, engine, decision, title }) => [
              id,
              when(createdAt),
              paintVerdict(says),
              engine,
              decision ? `${decision.decision} by ${brief(decision.by, 20)}` : '-',
              brief(title, 60),
            ]),
            'No proposals',
          ),
        );
      }),
    );
  example(command, 'vouch proposals --verdict verified', 'vouch proposals --incident inc_1x2y3z');
};
