import { readNamed } from '../options.ts';
import type { Define } from '../program.ts';
import { EXIT_OF_VERDICT, showJudgement } from '../show/judgement.ts';

export const verify: Define = (program, { run, example }) => {
  const command = program
    .command('verify <incident>')
    .description("judge anyone's patch; exit 0 verified, 1 rejected, 3 inconclusive")
    .requiredOption('--patch <file>', 'a diff against the release, - for standard input')
    .action(
      run(async (session, incident: string, { patch: path }: { patch: string }) => {
        const patch = await readNamed(path, 4 * 1024 * 1024);
        const { progress: onProgress, signal } = session;
        const client = await session.client();
        const judgement = await client.call(
          'verify',
          { params: { incident }, body: { patch } },
          { onProgress, signal },
        );
        session.exit(EXIT_OF_VERDICT[judgement.verdict]);
        session.answer(judgement, () => showJudgement(judgement));
      }),
    );
  example(
    command,
    'vouch verify inc_1x2y3z --patch fix.diff',
    'git diff | vouch verify inc_1x2y3z --patch -',
  );
};
