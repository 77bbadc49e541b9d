import type { Define } from '../program.ts';
import { brief, paint, table, when } from '../style.ts';

export const apps: Define = (program, { run, example }) => {
  const group = program
    .command('apps')
    .description('list apps; create or destroy one')
    .action(
      run(async (session) => {
        const found = await (await session.client()).call('listApps', {});
        session.answer(found, () =>
          table(
            ['app', 'release', 'commit', 'incidents', 'url'],
            found.map(({ name, current, openIncidents, url }) => [
              name,
              current?.version ?? '-',
              current ? `${current.commit.slice(0, 8)} ${brief(current.subject, 40)}` : '-',
              openIncidents === 0 ? '0' : paint('red', String(openIncidents)),
              url,
            ]),
            'No apps yet: vouch apps create NAME',
          ),
        );
      }),
    );
  example(group, 'vouch apps', 'vouch apps create shop');

  const create = group
    .command('create <name>')
    .description('create an app, to push to')
    .option('--branch <name>', 'the branch whose pushes are deployed (default: main)')
    .option('--start <command>', 'the command that starts it (default: the start script)')
    .option('--install-scripts', "let dependencies' install scripts run: code that nobody here has read")
    .action(
      run(
        async (
          session,
          name: string,
          options: { branch?: string; start?: string; installScripts?: true },
        ) => {
          const app = await (await session.client()).call('createApp', { body: { name, settings: options } });
          session.answer(app, () =>
            [
              `Created ${app.name}. Deploy it:`,
              `  git push ${app.remote} ${app.settings.branch}`,
              '  (the password is a token: vouch tokens create NAME)',
            ].join('\n'),
          );
        },
      ),
    );
  example(create, 'vouch apps create shop', 'vouch apps create shop --branch production');

  const destroy = group
    .command('destroy <name>')
    .description('stop an app and remove its releases, recordings and incidents; decisions stay')
    .requiredOption('--yes', 'really: this cannot be undone')
    .action(
      run(async (session, name: string) => {
        await (await session.client()).call('destroyApp', { params: { app: name } });
        session.answer({ app: name, destroyed: true }, () => `Destroyed ${name} at ${when(Date.now())}`);
      }),
    );
  example(destroy, 'vouch apps destroy shop --yes');
};
