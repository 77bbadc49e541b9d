import type { Define } from '../program.ts';
import { whole } from '../options.ts';

export const serve: Define = (program, { run, example }) => {
  const command = program
    .command('serve')
    .description('run the server: apps, API, pages and git')
    .option(
      '--port <n>',
      'port of API, pages and git (default: server.port, 8877; 0 for any)',
      whole(0, 65_535),
    )
    .option('--host <address>', 'address to listen on (default: server.host, 127.0.0.1)')
    .action(
      run(async (session, options: { port?: number; host?: string }) => {
        const [{ loadConfig }, { createLogger }, { serve: start }] = await Promise.all([
          import('../../config/config.ts'),
          import('../../lib/log.ts'),
          import('../../server/serve.ts'),
        ]);
        const { config, sources, warnings } = await loadConfig(session.folder, session.io.env);
        const log = createLogger(config['log.level']);
        for (const warning of warnings) log.warn(warning);
        const { port = config['server.port'], host = config['server.host'] } = options;
        // Whoever asks for any port, such as a second server on this machine, means the apps' port too.
        const anyPort = port === 0 && sources['router.port'] === 'default';
        const serving = await start(
          session.folder,
          {
            ...config,
            'server.port': port,
            'server.host': host,
            'router.port': anyPort ? 0 : config['router.port'],
          },
          log,
        );
        const { url, adminToken } = serving;
        session.answer({ url, adminToken: adminToken ?? null, data: session.folder, pid: process.pid }, () =>
          [
            `Vouch runs at ${url}`,
            ...(adminToken === undefined
              ? []
              : [`Admin token, shown this once: ${adminToken}`, `Sign in: ${url}/?token=${adminToken}`]),
          ].join('\n'),
        );
        await new Promise<void>((resolve) => {
          if (session.signal.aborted) resolve();
          else session.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await serving.close();
      }),
    );
  example(command, 'vouch serve', 'vouch serve --port 9000 --host 0.0.0.0');
};
