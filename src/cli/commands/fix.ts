import { amount, list } from '../options.ts';
import type { Define } from '../program.ts';
import { EXIT_OF_VERDICT, showFix } from '../show/judgement.ts';

interface Options {
  engine?: ('template' | 'llm' | 'agent')[];
  budgetUsd?: number;
  budgetS?: number;
  pr?: boolean;
}

export const fix: Define = (program, { run, example }) => {
  const command = program
    .command('fix <incident>')
    .description('propose and verify until a candidate holds; exit 0 verified, 1 rejected, 3 inconclusive')
    .option(
      '--engine <names>',
      'template, llm, agent; comma-separated, in order',
      list(['template', 'llm', 'agent']),
    )
    .option('--budget-usd <n>', 'dollars that it may spend', amount(0, 1000))
    .option('--budget-s <n>', 'seconds that it may take', amount(1, 86_400))
    .option('--pr', 'open a pull request for the one that holds')
    .action(
      run(async (session, incident: string, { engine, budgetUsd, budgetS, pr = false }: Options) => {
        const { progress: onProgress, signal } = session;
        const client = await session.client();
        const body = { engines: engine, budgetUsd, budgetSeconds: budgetS, pullRequest: pr };
        const result = await client.call('fix', { params: { incident }, body }, { onProgress, signal });
        session.exit(EXIT_OF_VERDICT[result.verdict]);
        session.answer(result, () => showFix(result));
      }),
    );
  example(
    command,
    'vouch fix inc_1x2y3z',
    'vouch fix inc_1x2y3z --engine template,llm --budget-usd 0.50 --pr',
  );
};
