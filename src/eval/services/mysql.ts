import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VouchError } from '../../lib/errors.ts';
import { baseEnvironment, runOrThrow } from '../../lib/process.ts';
import { freePort, makeServerHome, startListening, type Service } from './child.ts';

export interface MysqlServer {
  /** A new database, filled by the SQL text. The name is ours: `[a-z0-9_]+`. */
  create(name: string, initSql: string): Promise<Service>;
  /** A copy of a database as it is now. */
  copy(name: string, from: string): Promise<Service>;
  stop(): Promise<void>;
}

/** MariaDB's programs, as Debian's package names and places them. */
const PROGRAMS = {
  server: 'mariadbd',
  install: 'mariadb-install-db',
  client: 'mariadb',
  dump: 'mariadb-dump',
} as const;

const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
const COPY_MS = 60_000;

const USER = 'vouch';
/** Of a server on loopback that lives as long as an evaluation: clients without a password are rare, so there is one. */
const PASSWORD = 'vouch';

/** Where the programs of a MariaDB server are; null when one of them is missing. */
export async function findMysql(): Promise<Record<keyof typeof PROGRAMS, string> | null> {
  const found: Partial<Record<keyof typeof PROGRAMS, string>> = {};
  for (const [part, program] of Object.entries(PROGRAMS)) {
    const path = await firstThere(FOLDERS.map((folder) => join(folder, program)));
    if (path === null) return null;
    found[part as keyof typeof PROGRAMS] = path;
  }
  return found as Record<keyof typeof PROGRAMS, string>;
}

/** A private server in `folder`, on loopback, without syncing: what is in it need not survive. */
export async function startMysql(folder: string): Promise<MysqlServer> {
  const programs = await findMysql();
  if (!programs)
    throw new VouchError('missing-part', 'MySQL: no MariaDB server on this machine', {
      hint: 'apt-get install mariadb-server',
    });
  const { data, user, as } = await makeServerHome(folder);
  const settings = [
    // None of the machine's own settings apply.
    '--no-defaults',
    `--datadir=${data}`,
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-flush-method=nosync',
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=8M',
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
  ];
  await runOrThrow(
    [...as, programs.install, ...settings, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { cwd: '/', timeoutMs: 60_000 },
  );
  const port = await freePort();
  const server = await startListening(
    'MariaDB',
    [
      programs.server,
      ...settings,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      // In its data folder; the name of a socket has a limit of length.
      '--socket=s',
      `--pid-file=${join(data, 'pid')}`,
    ],
    port,
    // It has nothing to save.
    { user, cwd: data, signal: 'SIGKILL' },
  );
  const client = [programs.client, '--no-defaults', ...reach(port, 'root')];
  const sql = async (text: string, database?: string): Promise<void> => {
    await runOrThrow([...client, ...(database === undefined ? [] : [database])], {
      cwd: '/',
      input: text,
      timeoutMs: COPY_MS,
    });
  };
  const service = (name: string): Service => ({
    url: `mysql://${USER}:${PASSWORD}@127.0.0.1:${port}/${name}`,
    stop: () => Promise.resolve(),
  });
  try {
    await sql(
      `CREATE USER '${USER}'@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT ALL ON *.* TO '${USER}'@'127.0.0.1';`,
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    async create(name, initSql) {
      await sql(`CREATE DATABASE \`${checked(name)}\``);
      if (initSql.trim() !== '') await sql(initSql, name);
      return service(name);
    },
    async copy(name, from) {
      await sql(`CREATE DATABASE \`${checked(name)}\``);
      const dump = [programs.dump, '--no-defaults', ...reach(port, 'root')];
      const whole = ['--single-transaction', '--routines', '--triggers', '--events', checked(from)];
      await pipe([...dump, ...whole], [...client, name]);
      return service(name);
    },
    stop: () => server.stop(),
  };
}

function reach(port: number, user: string): string[] {
  return ['--protocol=tcp', '--host=127.0.0.1', `--port=${port}`, `--user=${user}`];
}

/** What one program says is what the other reads. Both are over when this resolves. Throws `unavailable`. */
async function pipe(from: readonly string[], to: readonly string[]): Promise<void> {
  const options = { cwd: '/', env: baseEnvironment(), timeout: COPY_MS, killSignal: 'SIGKILL' as const };
  const [source, sink] = [from, to].map(([program, ...args]) => {
    const child = spawn(program!, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2000)));
    const over = new Promise<void>((resolve, reject) => {
      child.on('error', (error) => reject(new VouchError('unavailable', `${program}: ${error.message}`)));
      child.on('close', (code, signal) =>
        code === 0
          ? resolve()
          : reject(new VouchError('unavailable', `${program}: ended with ${code ?? signal}: ${said.trim()}`)),
      );
    });
    return { child, over };
  });
  source!.child.stdin.end();
  sink!.child.stdout.resume();
  const piped = pipeline(source!.child.stdout, sink!.child.stdin);
  const ends = await Promise.allSettled([source!.over, sink!.over, piped]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function checked(name: string): string {
  if (!/^[a-z0-9_]{1,60}$/.test(name)) throw new Error(`not a database name of ours: ${name}`);
  return name;
}

async function firstThere(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return null;
}
