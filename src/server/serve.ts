import { isIPv6 } from 'node:net';
import type { Config } from '../config/settings.ts';
import { VouchError, messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { reopen } from '../incident/store.ts';
import { takeLock } from '../store/lock.ts';
import { openStore } from '../store/store.ts';
import { createApp } from './app.ts';
import { firstToken, newSecret } from './auth.ts';
import { createContext } from './context.ts';
import { listen } from './listen.ts';
import { PAGES, arePagesBuilt } from './pages.ts';
import { buildPages } from './build-pages.ts';
import { SERVER_LOCK, readServerFile, removeServerFile, writeServerFile } from './server-file.ts';

export interface Serving {
  url: string;
  /** The first admin's token, at the first start on this folder only. */
  adminToken: string | undefined;
  /** An admin's token for this machine, as long as the server runs. */
  localToken: string;
  close(): Promise<void>;
}

const GRACE_MS = 5000;

/** Starts the server on a data folder. Throws `conflict` when one runs on it already, or when the port is in use. */
export async function serve(folder: string, config: Config, log: Logger): Promise<Serving> {
  const undo: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) {
      try {
        await step();
      } catch (error) {
        log.warn({ err: error }, `while stopping: ${messageOf(error)}`);
      }
    }
  };
  try {
    const store = await openStore(folder);
    undo.push(() => store.close());
    const lock = takeLock(store.folder, SERVER_LOCK);
    if (!lock) throw await alreadyRuns(store.folder);
    undo.push(() => lock.release());

    const localToken = newSecret('local');
    const ending = new AbortController();
    const host = config['server.host'];
    // Requests wait until the apps run, the port is taken before.
    const started = Promise.withResolvers<(request: Request) => Response | Promise<Response>>();
    started.promise.catch(() => {}); // whoever waits is told
    const answer = (request: Request): Promise<Response> =>
      started.promise.then(
        (fetch) => fetch(request),
        () =>
          Response.json(
            { error: { code: 'unavailable', message: 'the server is stopping' } },
            { status: 503 },
          ),
      );
    const listening = await listen(answer, { host, port: config['server.port'] });
    undo.push(() => {
      ending.abort(new VouchError('unavailable', 'the server is stopping'));
      return listening.close(GRACE_MS);
    });
    const own = `http://${isIPv6(host) ? `[${host}]` : host}:${listening.port}`;
    const url =
      config['server.url'] ?? own.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');

    const context = await createContext({ store, config, log, serving: true, url });
    undo.push(() => context.close());
    const app = createApp({
      services: context.services,
      localToken,
      hosts: allowedHosts(config),
      pages: PAGES,
      log,
      ending: ending.signal,
    });
    undo.push(() => context.services.works.stop(GRACE_MS));
    undo.push(() => started.reject(new VouchError('unavailable', 'the server is stopping')));
    await reopen(store);
    const adminToken = await firstToken(store);
    await context.start();
    if (!(await arePagesBuilt(PAGES))) await buildPages(log);
    started.resolve((request) => app.fetch(request));

    await writeServerFile(store.folder, {
      url: own,
      token: localToken,
      pid: process.pid,
      version: context.services.version,
    });
    undo.push(() => removeServerFile(store.folder));
    return { url, adminToken, localToken, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function alreadyRuns(folder: string): Promise<VouchError> {
  const file = await readServerFile(folder);
  const which = file ? ` (${file.url}, process ${file.pid})` : '';
  return new VouchError('conflict', `${folder}: a server runs on this data folder already${which}`, {
    hint: 'use that one, end it, or give another folder with --data',
  });
}

/** Names that requests may carry. One that listens for other machines is called by names that only its owner knows. */
function allowedHosts(config: Config): readonly string[] | null {
  const loopback = ['localhost', '127.0.0.1', '[::1]'];
  const extra = config['server.hosts'];
  const host = config['server.host'];
  const isLoopback = loopback.includes(host) || host === '::1' || host.startsWith('127.');
  if (!isLoopback && extra.length === 0) return null;
  const own = config['server.url'] === undefined ? [] : [new URL(config['server.url']).hostname];
  return [...loopback, host, ...own, ...extra];
}
