import { list } from '../options.ts';
import type { Define } from '../program.ts';

export interface EvalFixOptions {
  suite: string;
  engine?: ('template' | 'llm' | 'agent')[];
  only?: string;
  check?: true;
  wrong?: true;
}

export interface EvalBackportOptions {
  commits: string;
  rules: string;
  train?: string;
  validate?: string;
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
  const backport = parent
    .command('backport')
    .description('measure the backport desk on commits with labels: precision, recall, F1, calibration')
    .requiredOption('--commits <file>', 'JSON lines: commits with cycle, prev_stable, backported_prev')
    .option('--rules <name>', 'haproxy, linux-stable, conventional-commits, or a rules file', 'haproxy')
    .option('--train <cycles>', 'fit anew on these cycles, as in 2.4-3.0 (default: the weights of the rules)')
    .option('--validate <cycles>', 'measure on these cycles (default: all that are not trained on)')
    .action(
      run(async (session, options: EvalBackportOptions) => {
        const { runEvalBackport } = await import('../eval-backport.ts');
        await runEvalBackport(session, options);
      }),
    );
  example(
    backport,
    'vouch eval backport --commits commits.jsonl',
    'vouch eval backport --commits commits.jsonl --train 2.4-3.0 --validate 3.1 --json',
  );
};
