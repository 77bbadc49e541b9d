import { whole } from '../options.ts';
import type { Define } from '../program.ts';
import { paint, plain, when } from '../style.ts';

export const logs: Define = (program, { run, example }) => {
  const command = program
    .command('logs <app>')
    .description('what an app printed, oldest first')
    .option('--lines <n>', 'how many (default: 200)', whole(1, 10_000))
    .action(
      run(async (session, app: string, { lines }: { lines?: number }) => {
        const found = await (await session.client()).call('logs', { params: { app }, query: { lines } });
        session.answer(found, () =>
          found
            .map(({ at, release, stream, line }) => {
              const head = paint('dim', `${when(at / 1000)} ${release}`);
              return `${head} ${stream === 'stderr' ? paint('red', plain(line)) : plain(line)}`;
            })
            .join('\n'),
        );
      }),
    );
  example(command, 'vouch logs shop --lines 50');
};
