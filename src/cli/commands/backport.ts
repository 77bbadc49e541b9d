import { amount, list, whole } from '../options.ts';
import type { Define } from '../program.ts';
import { apply, decide } from './backport-picks.ts';

export interface TriageOptions {
  commits?: string;
  repo?: string;
  range?: string;
  /** Commander's `--no-try`. */
  try: boolean;
  onto: string[];
  rules?: string;
  engine: ('rules' | 'llm')[];
  budgetUsd: number;
  budgetS: number;
  parallel: number;
  html?: string;
  publish: boolean;
  commitUrl?: string;
  issueUrl?: string;
}

const TRIAGE_EXAMPLES = [
  'vouch backport triage --repo . --range v3.1.0..master --onto 3.0 2.9',
  'vouch backport triage --commits commits.jsonl --onto 3.0 --html review.html',
  'vouch backport triage --repo . --range v3.1.0..master --onto 3.0 --publish',
  'vouch backport triage --commits commits.jsonl --onto 3.0 2.9 --rules my-project.yaml --json',
];

export const backport: Define = (program, frame) => {
  const parent = frame.group(program, 'backport', 'decide which commits go to maintained branches');
  triage(parent, frame);
  decide(parent, frame);
  apply(parent, frame);
  frame.example(parent, TRIAGE_EXAMPLES[0]!, 'vouch backport apply --repo . --onto 3.0 --dry-run');
};

const triage: Define = (parent, { run, example }) => {
  const command = parent
    .command('triage')
    .description('say for each commit and branch: yes, no, wait or uncertain, with the reason')
    .option('--repo <dir>', 'read the history from this repository, which is never written to')
    .option('--range <a..b>', 'the commits to tell, as in v3.1.0..master')
    .option('--commits <file>', 'JSON lines, - for standard input: sha, date, subject, body, files')
    .requiredOption('--onto <branches...>', 'the maintained branches, as in --onto 3.0 2.9')
    .option(
      '--rules <name>',
      'haproxy, linux-stable, conventional-commits, or a rules file (default: as the subjects look)',
    )
    .option(
      '--engine <names>',
      'rules, or rules,llm to ask a model about what the rules leave unsure',
      list(['rules', 'llm']),
      ['rules'],
    )
    .option('--budget-usd <amount>', 'what asking may cost', amount(0, 1000), 5)
    .option('--budget-s <seconds>', 'how long asking may take', amount(1, 86_400), 3600)
    .option('--parallel <n>', 'questions at once', whole(1, 32), 4)
    .option('--no-try', 'do not try whether the commits apply')
    .option('--html <file>', 'write a page to review them on; it opens from the disk, without a server')
    .option('--publish', 'hand the page to the server, to review it together, and print its address', false)
    .option(
      '--commit-url <url>',
      'where its commits lead, as in https://example.org/commit/{sha} (default: what the rules say)',
    )
    .option(
      '--issue-url <url>',
      'where its issues lead, as in https://example.org/issues/{number} (default: what the rules say)',
    )
    .addHelpText(
      'after',
      '\nNo server is needed but for --publish. Lines that are no commit are named on standard error; the others are told, and the exit status is 2.',
    )
    .action(
      run(async (session, options: TriageOptions) => {
        const { runTriage } = await import('../backport-triage.ts');
        await runTriage(session, options);
      }),
    );
  example(command, ...TRIAGE_EXAMPLES);
};
