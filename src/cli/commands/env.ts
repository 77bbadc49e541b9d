import { VouchError } from '../../lib/errors.ts';
import type { Define } from '../program.ts';

export const env: Define = (program, { run, example }) => {
  const command = program
    .command('env <app> [action] [values...]')
    .description("an app's environment: list the names, `set K=V …`, `unset K …`; values are kept encrypted")
    .action(
      run(async (session, app: string, action: string | undefined, values: string[]) => {
        const client = await session.client();
        const names =
          action === undefined
            ? await client.call('listEnv', { params: { app } })
            : await client.call('setEnv', { params: { app }, body: changesOf(action, values) });
        session.answer(names, () =>
          names.length === 0 ? `${app} has no environment of its own` : names.join('\n'),
        );
      }),
    );
  example(
    command,
    'vouch env shop',
    'vouch env shop set DATABASE_URL=postgres://shop@127.0.0.1/shop?sslmode=disable',
    'vouch env shop unset DEBUG',
  );
};

function changesOf(action: string, values: readonly string[]): Record<string, string | null> {
  if (action !== 'set' && action !== 'unset') {
    throw new VouchError('usage', `env: ${action}: must be set or unset`, { hint: 'vouch env APP set K=V' });
  }
  if (values.length === 0)
    throw new VouchError('usage', `env ${action}: nothing is named`, { hint: 'vouch env APP set K=V' });
  const changes: Record<string, string | null> = {};
  for (const value of values) {
    // A value may hold more of them.
    const at = value.indexOf('=');
    const name = at === -1 ? value : value.slice(0, at);
    if (action === 'set' && at === -1) {
      throw new VouchError('usage', `env set: ${value}: has no value`, {
        hint: 'give it as K=V; `unset` removes one',
      });
    }
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new VouchError('usage', `env ${action}: ${name === '' ? value : name}: not a name`);
    changes[name] = action === 'set' ? value.slice(at + 1) : null;
  }
  return changes;
}
