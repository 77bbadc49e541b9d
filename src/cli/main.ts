import { CommanderError, type Command } from 'commander';
import { EXIT_CODES, VouchError, messageOf, systemCode } from '../lib/errors.ts';
import { createProgram } from './program.ts';
import { ended, type Io } from './session.ts';
import { plain } from './style.ts';

/** Shown as a bug: everything that nobody expected. */
export const BUG = 70;

const PROCESS: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
};

/** Runs one command line and returns its exit status. The one edge where errors become lines and numbers. */
export async function main(argv: readonly string[], io: Io = PROCESS): Promise<number> {
  // A reader such as `head` may have had enough.
  const onPipeError = (error: Error): void => {
    if (systemCode(error) !== 'EPIPE') throw error;
  };
  process.stdout.on('error', onPipeError);
  const json = argv.includes('--json');
  const program = createProgram(io);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return ended(program);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version were asked for, and have been printed.
      if (error.exitCode === 0) return 0;
      return tell(new VouchError('usage', whatIsWrong(error), { hint: usageHint(program, argv) }), json, io);
    }
    return tell(error, json, io);
  } finally {
    process.stdout.off('error', onPipeError);
  }
}

function tell(error: unknown, json: boolean, io: Io): number {
  if (error instanceof VouchError) {
    const { code, hint } = error;
    const message = oneLine(error.message);
    if (json) io.out(`${JSON.stringify({ error: { code, message, hint } })}\n`);
    io.err(`vouch: ${message}${hint === undefined ? '' : `; do: ${oneLine(hint)}`}\n`);
    return EXIT_CODES[code];
  }
  const message = oneLine(messageOf(error));
  if (json) io.out(`${JSON.stringify({ error: { code: 'bug', message } })}\n`);
  io.err(`vouch: our bug: ${message}; do: report it with what follows\n`);
  if (error instanceof Error && error.stack) io.err(`${error.stack}\n`);
  return BUG;
}

function whatIsWrong(error: CommanderError): string {
  // `(outputHelp)` is what it says when only a group's name was given; the help has been printed.
  return error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
}

function usageHint(program: Command, argv: readonly string[]): string {
  const [word] = argv.filter((each) => !each.startsWith('-'));
  const command = program.commands.find((each) => each.name() === word);
  return command
    ? `\`vouch ${command.name()} --help\` shows what it takes`
    : '`vouch --help` shows the commands';
}

/** What failed may have been named by somebody else. */
function oneLine(text: string): string {
  return plain(text)
    .trim()
    .replace(/\s*\n\s*/g, ' | ');
}
