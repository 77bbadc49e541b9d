import { whole } from '../options.ts';
import type { Define } from '../program.ts';
import { brief, table, when } from '../style.ts';

export const audit: Define = (program, { run, example }) => {
  const command = program
    .command('audit [subject]')
    .description('who did what, newest first; of one proposal, app or token, or of all')
    .option('--limit <n>', 'how many (default: 100)', whole(1, 1000))
    .action(
      run(async (session, subject: string | undefined, { limit }: { limit?: number }) => {
        const found = await (await session.client()).call('listAudit', { query: { subject, limit } });
        session.answer(found, () =>
          table(
            ['when', 'who', 'what', 'on', 'detail'],
            found.map(({ at, actor, action, subject: on, detail }) => [
              when(at),
              brief(actor, 30),
              action,
              on,
              detail === null ? '' : brief(JSON.stringify(detail), 80),
            ]),
            'Nothing was done yet',
          ),
        );
      }),
    );
  example(command, 'vouch audit', 'vouch audit prp_1x2y3z');
};
