import { Argument, Option } from 'commander';
import type { Call } from '../../desks/backport/model.ts';
import type { Define } from '../program.ts';

export interface ApplyOptions {
  repo: string;
  onto: string;
  pick?: string[];
  as?: string;
  branch?: string;
  dryRun?: boolean;
  continue?: boolean;
  skip?: boolean;
  abort?: boolean;
  pr?: boolean;
  app?: string;
}

export interface DecideOptions {
  repo?: string;
  commits?: string;
  onto: string[];
  as: string;
  note: string;
  rules?: string;
}

export type ImportOptions = Pick<DecideOptions, 'repo' | 'commits' | 'rules'> & { as?: string };

/** `backport apply`. */
export const apply: Define = (parent, { run, example }) => {
  const command = parent
    .command('apply')
    .description(
      'pick what people accepted, in order, with -x and sign-off, on a new branch; stops at a conflict and can go on',
    )
    .requiredOption('--repo <dir>', 'the repository; its own checkout is not touched')
    .requiredOption('--onto <branch>', 'the maintained branch')
    .option('--pick <commits...>', 'these commits, instead of those that were decided to be picked')
    .option('--as <person>', "who signs off, as in 'Jane Doe <jane@example.org>' (default: git's user)")
    .option('--branch <name>', 'the new branch (default: vouch/backport-BRANCH)')
    .addOption(
      new Option('--dry-run', 'only try: what applies, what conflicts, what is missing').conflicts([
        'continue',
        'skip',
        'abort',
      ]),
    )
    .addOption(
      new Option('--continue', 'go on, after a conflict was solved or the process was ended').conflicts([
        'skip',
        'abort',
        'pick',
      ]),
    )
    .addOption(
      new Option('--skip', 'leave out the commit in conflict and go on').conflicts(['abort', 'pick']),
    )
    .addOption(new Option('--abort', 'give up: remove the worktree and the new branch').conflicts('pick'))
    .option('--pr', 'open a pull request of the picks in the forge that is configured')
    .option('--app <name>', 'with --pr and the built-in forge: the app whose repository it is')
    .action(
      run(async (session, options: ApplyOptions) => {
        const { runApply } = await import('../backport-apply.ts');
        await runApply(session, options);
      }),
    );
  example(
    command,
    'vouch backport apply --repo . --onto 3.0 --dry-run',
    "vouch backport apply --repo . --onto 3.0 --pick 1a2b3c4 5d6e7f8 --as 'Jane Doe <jane@example.org>'",
    'vouch backport apply --repo . --onto 3.0 --continue --pr',
  );
};

/** `backport decide` and `backport import`. */
export const decide: Define = (parent, { run, example }) => {
  const say = parent
    .command('decide <commit>')
    .description('write down what a named person says of a commit; it is a lesson for commits that are alike')
    .addArgument(new Argument('<call>', 'what').choices(['yes', 'no', 'wait', 'uncertain']))
    .option('--repo <dir>', 'the repository that has the commit')
    .option('--commits <file>', 'or the file that has it: JSON lines')
    .requiredOption('--onto <branches...>', 'the branches that it is said of')
    .requiredOption('--as <name>', 'the person who decides')
    .option('--note <text>', 'why', '')
    .option(
      '--rules <name>',
      'the project, whose decisions are its own lessons (default: as the subjects look)',
    )
    .action(
      run(async (session, commit: string, call: Call, options: DecideOptions) => {
        const { runDecide } = await import('../backport-decide.ts');
        await runDecide(session, commit, call, options);
      }),
    );
  example(
    say,
    "vouch backport decide 1a2b3c4 yes --repo . --onto 3.0 --as 'Jane Doe' --note 'asked for in #123'",
  );
  const load = parent
    .command('import <file>')
    .description('take over the decisions that a page exported')
    .option('--repo <dir>', 'the repository that has the commits')
    .option('--commits <file>', 'or the file that has them: JSON lines')
    .option('--as <name>', 'the person, where the file names none')
    .option(
      '--rules <name>',
      'the project, whose decisions are its own lessons (default: as the subjects look)',
    )
    .action(
      run(async (session, file: string, options: ImportOptions) => {
        const { runImport } = await import('../backport-decide.ts');
        await runImport(session, file, options);
      }),
    );
  example(load, 'vouch backport import decisions.json --repo .');
};
