import type { Define } from '../program.ts';
import { table, when } from '../style.ts';

export const recordings: Define = (program, { run, example }) => {
  const command = program
    .command('recordings <app>')
    .description('list what was pinned of the recorded traffic of an app, newest first')
    .action(
      run(async (session, app: string) => {
        const found = await (await session.client()).call('listRecordings', { query: { app } });
        session.answer(found, () =>
          table(
            ['recording', 'made', 'release', 'failing request', 'confidence'],
            found.map(({ id, createdAt, release, failing, confidence }) => [
              id,
              when(createdAt),
              release,
              failing ?? '-',
              confidence.toFixed(2),
            ]),
            `Nothing is pinned of ${app}: a recording is, when an error happens`,
          ),
        );
      }),
    );
  example(command, 'vouch recordings shop');
};
