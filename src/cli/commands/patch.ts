import type { Define } from '../program.ts';

export interface FromResponseOptions {
  repo: string;
  out?: string;
}

export const patch: Define = (program, { run, group, example }) => {
  const parent = group(program, 'patch', 'make a diff that applies of what somebody answered');
  const command = parent
    .command('from-response <file>')
    .description(
      "resolve a model's answer against a folder: the diff that applies, or why there is none; exit 0 apply or nothing to do, 1 refused",
    )
    .requiredOption('--repo <dir>', 'the folder with the files that it changes; it is only read')
    .option('--out <file>', 'write the diff there, - for standard output (default)')
    .addHelpText(
      'after',
      '\n<file> is the raw answer, - for standard input: search/replace blocks, a unified diff, whole files, JSON, or the' +
        '\nreport of eslint, ruff, semgrep or SARIF. The diff goes to standard output, what was repaired or refused to standard error.',
    )
    .action(
      run(async (session, file: string, options: FromResponseOptions) => {
        const { patchFromResponse } = await import('../patch-from-response.ts');
        await patchFromResponse(session, file, options);
      }),
    );
  const lines = [
    'vouch patch from-response answer.md --repo . | git apply',
    'vouch patch from-response - --repo . --out fix.diff < answer.md',
  ];
  example(command, ...lines);
  example(parent, ...lines);
};
