import { whole } from '../options.ts';
import type { Define } from '../program.ts';
import { brief, facts, paint, plain, table, when } from '../style.ts';

export const traces: Define = (program, { run, group, example }) => {
  const parent = group(program, 'traces', 'every call of an engine: what it saw, said and cost');

  const list = parent
    .command('list')
    .description('list calls, newest first')
    .option('--run <id>', 'of this run')
    .option('--limit <n>', 'how many (default: 100)', whole(1, 1000))
    .action(
      run(async (session, query: { run?: string; limit?: number }) => {
        const found = await (
          await session.client()
        ).call('listTraces', { query: { run: query.run, limit: query.limit } });
        session.answer(found, () =>
          table(
            ['trace', 'started', 'engine', 'model', 'tokens', 'cost', 'took', 'repairs', 'came of it'],
            found.map(
              ({ id, startedAt, engine, model, tokens, costUsd, seconds, error, outcome, repairs }) => [
                id,
                when(startedAt),
                engine,
                model ?? '-',
                tokens ? `${tokens.input}+${tokens.output}` : '-',
                costUsd === null ? '-' : `$${costUsd.toFixed(4)}`,
                `${seconds.toFixed(1)} s`,
                brief(repairsLine(repairs), 40),
                brief(error ?? outcome ?? '-', 60),
              ],
            ),
            'No calls yet',
          ),
        );
      }),
    );
  example(list, 'vouch traces list --limit 10');

  const show = parent
    .command('show <id>')
    .description('show one call whole')
    .action(
      run(async (session, id: string) => {
        const trace = await (await session.client()).call('getTrace', { params: { trace: id } });
        session.answer(trace, () =>
          [
            facts([
              ['trace', trace.id],
              ['run', trace.run],
              ['engine', `${trace.engine}, ${trace.operation}`],
              ['model', [trace.provider, trace.model].filter(Boolean).join(' ') || '-'],
              [
                'tokens',
                trace.tokens
                  ? `${trace.tokens.input} in (${trace.tokens.cachedInput} cached), ${trace.tokens.output} out`
                  : '-',
              ],
              [
                'cost',
                trace.costUsd === null ? '-' : `$${trace.costUsd.toFixed(6)} (${trace.prices ?? '-'})`,
              ],
              ['took', `${trace.seconds.toFixed(1)} s`],
              ['repairs', plain(repairsLine(trace.repairs))],
              ['came of it', plain(trace.error ?? trace.outcome ?? '-')],
            ]),
            '',
            paint('bold', 'Prompt'),
            plain(trace.prompt),
            '',
            paint('bold', 'Answer'),
            plain(trace.answer),
          ].join('\n'),
        );
      }),
    );
  example(show, 'vouch traces show trc_1x2y3z');

  const faults = parent
    .command('faults')
    .description('count what was made good in answers, by fault')
    .option('--run <id>', 'of this run')
    .action(
      run(async (session, query: { run?: string }) => {
        const found = await (await session.client()).call('traceFaults', { query: { run: query.run } });
        session.answer(found, () =>
          table(
            ['fault', 'calls', 'times', 'became candidates', 'were refused'],
            found.map(({ fault, calls, times, candidates, refused }) => [
              plain(fault),
              ...[calls, times, candidates, refused].map(String),
            ]),
            'No answer had a fault that was made good',
          ),
        );
      }),
    );
  example(faults, 'vouch traces faults', 'vouch traces faults --run inc_1x2y3z');
};

function repairsLine(repairs: Record<string, number> | null): string {
  const counts = Object.entries(repairs ?? {});
  return counts.length === 0 ? '-' : counts.map(([fault, times]) => `${fault} ${times}`).join(', ');
}
