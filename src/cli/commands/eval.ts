import { list, whole } from '../options.ts';
import type { Define } from '../program.ts';

export interface EvalFixOptions {
  suite: string;
  engine?: ('template' | 'llm' | 'agent')[];
  only?: string;
  check?: true;
  wrong?: true;
  reference?: true;
  /** Commander's `--no-rebuilt`. */
  rebuilt: boolean;
}

export interface EvalBackportOptions {
  commits?: string;
  repo?: string;
  range?: string;
  onto?: string[];
  rules?: string;
  lessons: number;
  plot?: string;
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
    .option(
      '--no-rebuilt',
      'answer calls from the recording only (default: both ways, wherever something was rebuilt)',
    )
    .option('--reference', 'judge the reference fixes too, as if a person had given them')
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
    .option('--commits <file>', 'JSON lines: commits with cycle, prev_stable, backported_prev')
    .option('--repo <dir>', 'or a repository: what its branches have of the range is what was picked')
    .option('--range <a..b>', 'its commits, as in v3.1.0..master')
    .option('--onto <branches...>', 'its maintained branches')
    .option(
      '--rules <name>',
      'haproxy, linux-stable, conventional-commits, or a rules file (default: as the subjects look)',
    )
    .option('--train <cycles>', 'fit anew on these cycles, as in 2.4-3.0 (default: the weights of the rules)')
    .option('--validate <cycles>', 'measure on these cycles (default: all that are not trained on)')
    .option(
      '--lessons <n>',
      'take what was picked of so many cycles before as past decisions',
      whole(0, 99),
      0,
    )
    .option('--plot <file>', 'write the reliability of its confidence as an SVG')
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
    'vouch eval backport --repo . --range v3.1.0..master --onto 3.1',
  );
};
