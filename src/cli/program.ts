import { Command } from 'commander';
import { VouchError } from '../lib/errors.ts';
import { readVersion } from '../server/version.ts';
import { COMMANDS } from './commands.ts';
import { runSession, type Io, type Session } from './session.ts';

/** Defines one command. Heavy imports belong inside of what it runs: `--help` must be quick. */
export type Define = (program: Command, frame: Frame) => void;

interface Frame {
  /** For `.action(…)`: hands the command's arguments and options on, after the session. */
  run: <A extends unknown[]>(
    work: (session: Session, ...given: A) => Promise<void>,
  ) => (this: Command, ...given: A) => Promise<void>;
  /** A command that only holds others, and says so when none of them is named. */
  group: (program: Command, name: string, description: string) => Command;
  /** For `.addHelpText(…)`: lines that can be typed. */
  example: (command: Command, ...lines: string[]) => void;
}

export function createProgram(io: Io): Command {
  const program = new Command('vouch')
    .description(
      'AI changes that you can vouch for: production errors become pull requests, proved on recorded traffic.',
    )
    .version(readVersion(), '--version', 'print the version')
    .helpCommand(false);
  const frame: Frame = {
    run: (work) =>
      async function (this: Command, ...given) {
        await runSession(program, this, io, (session) => work(session, ...given));
      },
    group: (parent, name, description) => {
      const command = parent.command(name).description(description).argument('[command]');
      return command.action((given: string | undefined) => {
        const names = command.commands.map((child) => child.name()).join(', ');
        throw new VouchError(
          'usage',
          `${name}: ${given === undefined ? 'a command is missing' : `unknown command '${given}'`}, of ${names}`,
          {
            hint: `\`vouch ${name} --help\` shows what they take`,
          },
        );
      });
    },
    example: (command, ...lines) => {
      command.addHelpText(
        'after',
        `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}\n`).join('')}`,
      );
    },
  };
  for (const define of COMMANDS) define(program, frame);
  frame.example(program, 'vouch demo', 'vouch serve', 'vouch incidents shop', 'vouch fix inc_1x2y3z --pr');
  finish(program, io);
  return program;
}

/** What every command has: `--json`, `--data`, errors that are thrown, output that goes where the caller says. */
function finish(command: Command, io: Io): void {
  command
    .option('--json', 'print one JSON value, for programs')
    .option('--data <dir>', 'the data folder (default: $VOUCH_DATA, or ~/.vouch)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: () => {},
    })
    .showSuggestionAfterError(false);
  for (const child of command.commands) finish(child, io);
}
