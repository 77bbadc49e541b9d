import { loadConfig } from '../config/config.ts';
import { createLogger } from '../lib/log.ts';
import { createApp } from '../server/app.ts';
import { newSecret } from '../server/auth.ts';
import { createContext } from '../server/context.ts';
import { PAGES } from '../server/pages.ts';
import { openStore } from '../store/store.ts';
import type { Send } from './client.ts';
import type { Io } from './session.ts';

/** The server's app without a server: for one command, in this process. */
export async function openHere(
  folder: string,
  io: Io,
): Promise<{ send: Send; token: string; close: () => Promise<void> }> {
  const { config } = await loadConfig(folder, io.env);
  const log = createLogger(config['log.level'] === 'info' ? 'error' : config['log.level']);
  const store = await openStore(folder);
  try {
    const url = config['server.url'] ?? `http://${config['server.host']}:${config['server.port']}`;
    const context = await createContext({ store, config, log, serving: false, url });
    const token = newSecret('local');
    const ending = new AbortController();
    const app = createApp({
      services: context.services,
      localToken: token,
      hosts: ['localhost'],
      pages: PAGES,
      log,
      ending: ending.signal,
    });
    const close = async (): Promise<void> => {
      ending.abort();
      await context.services.works.stop(5000);
      await context.close();
      await store.close();
    };
    return { send: (request) => app.fetch(request), token, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}
