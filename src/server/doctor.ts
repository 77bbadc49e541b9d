import { existsSync } from 'node:fs';
import type { Config } from '../config/settings.ts';
import { findMysql } from '../eval/services/mysql.ts';
import { findPostgres } from '../eval/services/postgres.ts';
import { messageOf } from '../lib/errors.ts';
import { run } from '../lib/process.ts';
import { connectAgent } from '../record/agent/client.ts';
import { agentHealth } from '../record/agent/health.ts';
import { sandboxes } from '../sandbox/registry.ts';
import { agentSocket } from './agent.ts';
import type { Engines } from './engines.ts';
import { PAGES } from './pages.ts';
import type { Doctor } from './views.ts';

type Part = Doctor['parts'][number];

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'];

/** Looks at this machine: what is there, what is not, and the command that adds it. Looks at everything side by side. */
export async function examine(config: Config, folder: string, engines: Engines['engines']): Promise<Doctor> {
  const parts = await Promise.all([
    node(),
    git(),
    ...isolation(),
    recorder(folder, config['recorder.socket']),
    clock(),
    postgres(),
    mysql(),
    program(
      'redis',
      ['redis-server'],
      ['--version'],
      'for scenarios with Redis',
      'apt-get install redis-server',
    ),
    program('chromium', CHROMIUM, ['--version'], 'for the tests of the pages', 'apt-get install chromium'),
    pages(),
    ...Object.values(engines).map(async (each) => engine(each.name, each.unavailable())),
  ]);
  // One kind of isolation is enough.
  const isolated = parts.some(({ part, ok }) => part.startsWith('isolation') && ok);
  for (const each of parts) if (each.part.startsWith('isolation')) each.optional = isolated;
  return { ok: parts.every(({ ok, optional }) => ok || optional), parts };
}

function found(part: string, detail: string, optional = false): Part {
  return { part, ok: true, optional, detail, mend: null };
}

function missing(part: string, detail: string, mend: string | null, optional = false): Part {
  return { part, ok: false, optional, detail, mend };
}

async function node(): Promise<Part> {
  return found('node', process.versions.node);
}

async function git(): Promise<Part> {
  const mend = 'apt-get install git';
  const said = await versionOf(['git', '--version']);
  if (said === null) return missing('git', 'not found', mend);
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
  // The built-in forge merges without a worktree, by `merge-tree --write-tree`.
  if (Number(major) * 1000 + Number(minor) < 2038)
    return missing('git', `${said}: 2.38 or newer is needed`, mend);
  return found('git', said);
}

function isolation(): Promise<Part>[] {
  return Object.values(sandboxes()).map(async (sandbox) => {
    const part = `isolation ${sandbox.level}`;
    const state = await sandbox.available();
    return state.ok ? found(part, 'works') : missing(part, state.reason, state.mend);
  });
}

async function recorder(folder: string, configured: string | undefined): Promise<Part> {
  const socket = configured ?? agentSocket(folder);
  if (existsSync(socket)) {
    try {
      await (await connectAgent(socket)).close();
      return found('recorder', `vouch agent answers at ${socket}`);
    } catch (error) {
      if (configured !== undefined)
        return missing('recorder', messageOf(error), `vouch agent --socket ${socket}`);
    }
  }
  const health = await agentHealth();
  if (!health.ok) return missing('recorder', health.reason ?? 'does not work', health.mend);
  return found('recorder', `eBPF programs load: ${JSON.stringify(health.facts)}`);
}

/** Replays start at the recorded time by a library that is preloaded; it is built for these. */
async function clock(): Promise<Part> {
  if (['x64', 'arm64'].includes(process.arch))
    return found('clock', 'replays start at the recorded time', true);
  return missing('clock', `replays start at the real time on ${process.arch} processors`, null, true);
}

async function postgres(): Promise<Part> {
  const server = await findPostgres();
  if (server === null) return missing('postgresql', 'not found', 'npm ci, or apt-get install postgresql');
  return found('postgresql', server.from === 'npm' ? 'from npm' : `the system's, in ${server.bin}`);
}

async function mysql(): Promise<Part> {
  const programs = await findMysql();
  if (programs === null)
    return missing('mariadb', 'not found: for scenarios with MySQL', 'apt-get install mariadb-server', true);
  return found('mariadb', `the system's, ${programs.server}`, true);
}

async function pages(): Promise<Part> {
  if (existsSync(PAGES)) return found('pages', PAGES);
  return missing('pages', 'not built', 'npm run build:web', true);
}

function engine(name: string, why: string | null): Part {
  const part = `engine ${name}`;
  if (why === null) return found(part, 'configured', true);
  // What it says is `engine: reason; command`.
  const [reason, ...commands] = why.replace(`${name}: `, '').split('; ');
  return missing(part, reason!, commands.join('; ') || 'vouch config get', true);
}

async function program(
  part: string,
  names: readonly string[],
  args: readonly string[],
  why: string,
  mend: string,
): Promise<Part> {
  for (const name of names) {
    const said = await versionOf([name, ...args]);
    if (said !== null) return found(part, said, true);
  }
  return missing(part, `not found: ${why}`, mend, true);
}

/** The first line of what a program says of itself; null when there is no such program. */
async function versionOf(argv: readonly string[]): Promise<string | null> {
  try {
    const { code, stdout } = await run(argv, { timeoutMs: 10_000 });
    return code === 0 ? (stdout.toString('utf8').trim().split('\n')[0] ?? '').slice(0, 120) : null;
  } catch {
    return null;
  }
}
