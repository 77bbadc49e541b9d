import type { Define } from '../program.ts';
import { brief, paint, table, when } from '../style.ts';

export const releases: Define = (program, { run, example }) => {
  const command = program
    .command('releases <app>')
    .description("list an app's releases, newest first")
    .action(
      run(async (session, app: string) => {
        const found = await (await session.client()).call('listReleases', { params: { app } });
        session.answer(found, () =>
          table(
            ['', 'release', 'status', 'commit', 'made', 'subject'],
            found.map(({ current, version, status, commit, createdAt, subject, error }) => [
              current ? paint('green', '*') : '',
              version,
              status === 'failed' ? paint('red', status) : status,
              commit.slice(0, 8),
              when(createdAt),
              brief(error ?? subject, 60),
            ]),
            `${app} has no releases yet: push to it`,
          ),
        );
      }),
    );
  example(command, 'vouch releases shop');
};
