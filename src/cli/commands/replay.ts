import type { Define } from '../program.ts';
import { brief, paint, plain, table } from '../style.ts';

export const replay: Define = (program, { run, example }) => {
  const command = program
    .command('replay <recording>')
    .description(
      'run a recording in a sandbox and compare; exit 0 the same, 1 different, 3 could not be told',
    )
    .option('--at <rev>', 'a release (v3) or a commit; the recorded release when left out')
    .action(
      run(async (session, recording: string, { at }: { at?: string }) => {
        const { progress: onProgress, signal } = session;
        const client = await session.client();
        const report = await client.call(
          'replay',
          { params: { recording }, body: { at } },
          { onProgress, signal },
        );
        session.exit(report.inconclusive !== null ? 3 : report.same ? 0 : 1);
        session.answer(report, () => {
          const rows = report.responses.map(({ summary, recorded, replayed, failure, differences }) => [
            differences.length === 0 && failure === null ? paint('green', 'same') : paint('red', 'differs'),
            brief(summary, 50),
            String(recorded ?? '-'),
            failure ?? String(replayed ?? '-'),
            brief(
              differences
                .map(
                  ({ path, before, after }) =>
                    `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
                )
                .join('; '),
              80,
            ),
          ]);
          const unanswered = report.calls.filter(({ match }) => match === 'none' || match === 'similar');
          return [
            table(['', 'request', 'recorded', 'replayed', 'differences'], rows, 'No request was replayed'),
            ...unanswered.map(
              ({ summary, destination }) => `no recorded answer: ${brief(summary, 80)} (${destination})`,
            ),
            ...report.errors.map(({ type, message }) => `error: ${brief(`${type}: ${message}`, 120)}`),
            `at ${report.at}, isolation ${report.isolation}, clock ${report.clock}, ${report.seconds.toFixed(1)} s`,
            ...(report.inconclusive === null ? [] : [`inconclusive: ${plain(report.inconclusive)}`]),
          ].join('\n');
        });
      }),
    );
  example(command, 'vouch replay slc_1x2y3z', 'vouch replay slc_1x2y3z --at v4');
};
