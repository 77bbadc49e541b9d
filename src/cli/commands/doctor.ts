import type { Define } from '../program.ts';
import { paint, plain, table } from '../style.ts';

export const doctor: Define = (program, { run, example }) => {
  const command = program
    .command('doctor')
    .description('what this machine can do, and the command that adds each missing part')
    .action(
      run(async (session) => {
        const found = await (await session.client()).call('doctor', {});
        if (!found.ok) session.exit(4);
        session.answer(found, () => {
          const rows = found.parts.map(({ part, ok, optional, detail }) => [
            ok ? paint('green', 'ok') : optional ? paint('yellow', 'no') : paint('red', 'missing'),
            part,
            plain(detail),
          ]);
          const mends = found.parts
            .filter(({ mend }) => mend !== null)
            .map(({ part, mend }) => `  ${part}: ${mend}`);
          return [
            table(['', 'part', 'found'], rows, ''),
            ...(mends.length === 0 ? [] : ['', 'To add what is missing:', ...mends]),
          ].join('\n');
        });
      }),
    );
  example(command, 'vouch doctor', 'vouch doctor --json');
};
