import type { Define } from '../program.ts';
import { seconds } from '../style.ts';

export const rollback: Define = (program, { run, example }) => {
  const command = program
    .command('rollback <app> [release]')
    .description('bring an earlier release back: the one before, or the one that is named')
    .action(
      run(async (session, app: string, release: string | undefined) => {
        const { progress: onProgress, signal } = session;
        const client = await session.client();
        const done = await client.call(
          'rollback',
          { params: { app }, body: { release } },
          { onProgress, signal },
        );
        session.answer(
          done,
          () => `${app} runs ${done.release.version} at ${done.url} (${seconds(done.seconds)})`,
        );
      }),
    );
  example(command, 'vouch rollback shop', 'vouch rollback shop v3');
};
