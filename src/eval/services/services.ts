import { join, resolve, sep } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import type { Scenario } from '../scenario.ts';
import { freePort, startListening, type Service } from './child.ts';
import { startMysql, type MysqlServer } from './mysql.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';
import { copyRedis, readInit, startRedis, type RedisService } from './redis.ts';

/** The neighbours of a scenario's app, running. */
export interface Neighbours {
  /** What the app is told: variable → URL. */
  env: Record<string, string>;
  /** Copies of those that hold data, as they are now: what a fixed app is tried against. Programs over HTTP go on as they are. */
  copy(tag: string): Promise<{ env: Record<string, string>; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/** One database server of a kind for a whole suite, started when the first scenario needs it. */
export interface Shared {
  postgres(): Promise<PostgresServer>;
  mysql(): Promise<MysqlServer>;
  stop(): Promise<void>;
}

export function sharedServers(folder: string): Shared {
  let postgres: Promise<PostgresServer> | undefined;
  let mysql: Promise<MysqlServer> | undefined;
  return {
    postgres: () => (postgres ??= startPostgres(join(folder, 'postgres'))),
    mysql: () => (mysql ??= startMysql(join(folder, 'mysql'))),
    async stop() {
      for (const server of [postgres, mysql]) await (await server?.catch(() => undefined))?.stop();
    },
  };
}

/** Starts what a scenario lists, in its order. Throws `missing-part` for a kind that this machine does not have. */
export async function startNeighbours(
  scenario: Scenario,
  shared: Shared,
  folder: string,
): Promise<Neighbours> {
  const env: Record<string, string> = {};
  const running: Service[] = [];
  const databases: { kind: 'postgres' | 'mysql'; env: string; name: string }[] = [];
  const caches: { env: string; service: RedisService }[] = [];
  const prefix = scenario.name.replaceAll('-', '_');
  try {
    for (const [name, spec] of Object.entries(scenario.services)) {
      if (spec.type === 'postgres' || spec.type === 'mysql') {
        const database = `${prefix}_${name.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`.slice(0, 50);
        const server = await shared[spec.type]();
        const service = await server.create(database, await readInit(within(scenario, spec.init)));
        databases.push({ kind: spec.type, env: spec.env, name: database });
        env[spec.env] = service.url;
      } else if (spec.type === 'redis') {
        const service = await startRedis(
          join(folder, `redis-${name}`),
          await readInit(within(scenario, spec.init)),
        );
        running.push(service);
        caches.push({ env: spec.env, service });
        env[spec.env] = service.url;
      } else {
        const service = await startProgram(
          `${scenario.name}: service ${name}`,
          within(scenario, spec.run)!,
          scenario.folder,
        );
        running.push(service);
        env[spec.env] = service.url;
      }
    }
  } catch (error) {
    await stopAll(running);
    throw error;
  }
  return {
    env,
    async copy(tag) {
      const copies: Service[] = [];
      const own = { ...env };
      for (const { kind, env: variable, name } of databases) {
        const server = await shared[kind]();
        own[variable] = (await server.copy(`${name}_${tag}`.slice(0, 60), name)).url;
      }
      for (const { env: variable, service } of caches) {
        const twin = await copyRedis(service, join(folder, `redis-${variable.toLowerCase()}-${tag}`));
        copies.push(twin);
        own[variable] = twin.url;
      }
      return { env: own, stop: () => stopAll(copies) };
    },
    stop: () => stopAll(running),
  };
}

/** A Node program that listens on `$PORT`. */
export async function startProgram(
  name: string,
  path: string,
  cwd: string,
  env: Record<string, string> = {},
): Promise<Service> {
  const port = await freePort();
  const server = await startListening(name, [process.execPath, path], port, {
    cwd,
    env: { ...env, PORT: String(port) },
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => server.stop() };
}

/** A path of the scenario's own folder; one that leaves it is refused. */
function within(scenario: Scenario, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const absolute = resolve(scenario.folder, path);
  if (!absolute.startsWith(scenario.folder + sep))
    throw new VouchError('usage', `${scenario.name}: ${path} lies outside the scenario`);
  return absolute;
}

async function stopAll(services: readonly Service[]): Promise<void> {
  await Promise.all(services.map((service) => service.stop()));
}
