import type { Define } from '../program.ts';
import { showIncident } from '../show/incident.ts';

export const incident: Define = (program, { run, example }) => {
  const command = program
    .command('incident <id>')
    .description('show an incident: its stack, its request and the calls that it made')
    .option('--ignore', 'ignore it from now on')
    .option('--resolve', 'it is mended; it opens again when it happens again')
    .option('--open', 'open it again')
    .action(
      run(async (session, id: string, options: { ignore?: true; resolve?: true; open?: true }) => {
        const client = await session.client();
        const params = { incident: id };
        const status = options.ignore
          ? 'ignored'
          : options.resolve
            ? 'resolved'
            : options.open
              ? 'open'
              : undefined;
        if (status !== undefined) await client.call('setIncidentStatus', { params, body: { status } });
        const found = await client.call('getIncident', { params });
        session.answer(found, () => showIncident(found));
      }),
    );
  example(command, 'vouch incident inc_1x2y3z');
};
