import { VouchError } from '../../lib/errors.ts';
import type { Define } from '../program.ts';
import { plain, table } from '../style.ts';

export const config: Define = (program, { run, group, example }) => {
  const parent = group(program, 'config', 'settings of the data folder; the environment wins over them');

  const get = parent
    .command('get [key]')
    .description('print one setting, or all with where each comes from')
    .action(
      run(async (session, key: string | undefined) => {
        const [{ isSettingKey, loadConfig, unknownSetting }, { SETTINGS }] = await Promise.all([
          import('../../config/config.ts'),
          import('../../config/settings.ts'),
        ]);
        const { config: values, sources, warnings } = await loadConfig(session.folder, session.io.env);
        for (const warning of warnings) session.progress(`vouch: warning: ${warning}`);
        if (key !== undefined) {
          if (!isSettingKey(key)) throw unknownSetting(key);
          const value = values[key] ?? null;
          session.answer({ [key]: value }, () => (value === null ? '' : show(value)));
          return;
        }
        const rows = Object.entries(SETTINGS).map(([name, setting]) => {
          const value = values[name as keyof typeof values] ?? null;
          const shown = value !== null && 'secret' in setting ? '(set)' : value;
          return {
            key: name,
            value: shown,
            source: sources[name as keyof typeof sources],
            env: setting.env,
            help: setting.help,
          };
        });
        session.answer(rows, () =>
          table(
            ['setting', 'value', 'from', 'environment', ''],
            rows.map(({ key: name, value, source, env, help }) => [
              name,
              value === null ? '-' : plain(show(value)),
              source,
              env,
              help,
            ]),
            '',
          ),
        );
      }),
    );
  example(get, 'vouch config get', 'vouch config get llm.model');

  const set = parent
    .command('set <key> [value]')
    .description('write a setting: KEY VALUE, or KEY=VALUE; the server reads it when it starts')
    .action(
      run(async (session, given: string, second: string | undefined) => {
        // Only the first = parts them: values hold more.
        const at = second === undefined ? given.indexOf('=') : -1;
        const key = at === -1 ? given : given.slice(0, at);
        const value = at === -1 ? second : given.slice(at + 1);
        if (value === undefined)
          throw new VouchError('usage', `config set ${key}: the value is missing`, {
            hint: 'vouch config set KEY VALUE',
          });
        const { setSetting } = await import('../../config/config.ts');
        await setSetting(session.folder, key, value);
        session.answer({ [key]: value }, () => `${key} is set`);
      }),
    );
  example(
    set,
    'vouch config set llm.provider openai',
    'vouch config set llm.baseUrl http://127.0.0.1:11434/v1?a=b',
  );

  const unset = parent
    .command('unset <key>')
    .description('take a setting out: its default holds again')
    .action(
      run(async (session, key: string) => {
        const { setSetting } = await import('../../config/config.ts');
        await setSetting(session.folder, key, null);
        session.answer({ [key]: null }, () => `${key} is not set`);
      }),
    );
  example(unset, 'vouch config unset llm.model');
};

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
