import { Argument } from 'commander';
import type { Define } from '../program.ts';
import { plain } from '../style.ts';

interface Options {
  as: string;
  why?: string;
  merge: boolean;
}

export const decide: Define = (program, { run, example }) => {
  const command = program
    .command('decide <id>')
    .description(
      'write down what a named person decided on a proposal, and do it: merge and deploy, or close',
    )
    .addArgument(new Argument('<decision>', 'what').choices(['accept', 'edit', 'dismiss']))
    .requiredOption('--as <name>', 'the person who decides')
    .option('--why <text>', 'the reason')
    .option('--no-merge', 'write it down only')
    .action(
      run(
        async (
          session,
          id: string,
          decision: 'accept' | 'edit' | 'dismiss',
          { as: by, why, merge }: Options,
        ) => {
          const { progress: onProgress, signal } = session;
          const client = await session.client();
          const body = { decision, by, why, merge };
          const done = await client.call(
            'decide',
            { params: { proposal: id }, body },
            { onProgress, signal },
          );
          const { merged, release, closed, error } = done.followed;
          if (error !== null) session.exit(4);
          session.answer(done, () =>
            [
              `${done.proposal}: ${done.decision} by ${plain(done.by)}`,
              ...(merged ? [`merged as ${merged.commit.slice(0, 12)}`] : []),
              ...(release
                ? [
                    `production runs ${release.version}; \`vouch rollback ${release.app}\` brings the one before back`,
                  ]
                : []),
              ...(closed ? ['the pull request is closed'] : []),
              ...(error === null
                ? []
                : [
                    `the decision stands, but: ${plain(error)}; do: \`vouch proposal ${done.proposal} --follow\``,
                  ]),
            ].join('\n'),
          );
        },
      ),
    );
  example(
    command,
    'vouch decide prp_1x2y3z accept --as "Ada Lovelace"',
    'vouch decide prp_1x2y3z dismiss --as Ada --why "the upstream is at fault"',
  );
};
