import { list } from '../options.ts';
import type { Define } from '../program.ts';

export interface EvalFixOptions {
  suite: string;
  engine?: ('template' | 'llm' | 'agent')[];
  only?: string;
  check?: true;
  wrong?: true;
}

export const evalFix: Define = (program, { run, group, example }) => {
  const parent = group(program, 'eval', 'measure a desk');
  const command = parent
    .command('fix')
    .description('measure the fix desk on scenarios: reproduced, verified, correct, offered, falseVerified')
    .requiredOption('--suite <dir>', 'folder of scenarios')
    .option(
      '--engine <names>',
      'template, llm, agent; comma-separated, in order',
      list(['template', 'llm', 'agent']),
    )
    .option('--only <name>', 'this scenario only')
    .option('--check', 'prove the scenarios themselves: the reference fix passes, the wrong ones fail')
    .option('--wrong', 'judge the wrong fixes that come with the scenarios')
    .action(
      run(async (session, options: EvalFixOptions) => {
        const { runEvalFix } = await import('../eval-fix.ts');
        await runEvalFix(session, options);
      }),
    );
  example(
    command,
    'vouch eval fix --suite examples/scenarios',
    'vouch eval fix --suite examples/scenarios --only coupon-null --wrong',
  );
};
