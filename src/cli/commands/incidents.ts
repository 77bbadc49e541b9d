import type { Define } from '../program.ts';
import { brief, paint, table, when } from '../style.ts';

export const incidents: Define = (program, { run, example }) => {
  const command = program
    .command('incidents [app]')
    .description('list incidents, the last seen first')
    .action(
      run(async (session, app: string | undefined) => {
        const found = await (await session.client()).call('listIncidents', { query: { app } });
        session.answer(found, () =>
          table(
            ['incident', 'app', 'status', 'seen', 'last', 'error'],
            found.map(({ id, app: of, status, occurrences, lastSeen, title }) => [
              id,
              of,
              status === 'open' ? paint('red', status) : status,
              `${occurrences}×`,
              when(lastSeen / 1000),
              brief(title, 70),
            ]),
            'No incidents',
          ),
        );
      }),
    );
  example(command, 'vouch incidents', 'vouch incidents shop --json');
};
