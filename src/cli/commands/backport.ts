import { list } from '../options.ts';
import type { Define } from '../program.ts';

export interface TriageOptions {
  commits?: string;
  repo?: string;
  range?: string;
  /** Commander's `--no-try`. */
  try: boolean;
  onto: string[];
  rules: string;
  engine: 'rules'[];
}

export const backport: Define = (program, { run, group, example }) => {
  const parent = group(program, 'backport', 'decide which commits go to maintained branches');
  const command = parent
    .command('triage')
    .description('say for each commit and branch: yes, no, wait or uncertain, with the reason')
    .option('--repo <dir>', 'read the history from this repository, which is never written to')
    .option('--range <a..b>', 'the commits to tell, as in v3.1.0..master')
    .option('--commits <file>', 'JSON lines, - for standard input: sha, date, subject, body, files')
    .requiredOption('--onto <branches...>', 'the maintained branches, as in --onto 3.0 2.9')
    .option('--rules <name>', 'haproxy, linux-stable, conventional-commits, or a rules file', 'haproxy')
    .option('--engine <names>', 'rules', list(['rules']), ['rules'])
    .option('--no-try', 'do not try whether the commits apply')
    .addHelpText(
      'after',
      '\nNo server is needed. Lines that are no commit are named on standard error; the others are told, and the exit status is 2.',
    )
    .action(
      run(async (session, options: TriageOptions) => {
        const { runTriage } = await import('../backport-triage.ts');
        await runTriage(session, options);
      }),
    );
  const lines = [
    'vouch backport triage --repo . --range v3.1.0..master --onto 3.0 2.9',
    'vouch backport triage --commits commits.jsonl --onto 3.0',
    'vouch backport triage --commits commits.jsonl --onto 3.0 2.9 --rules my-project.yaml --json',
  ];
  example(command, ...lines);
  example(parent, ...lines);
};
