import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/settings.ts';
import { loadSuite, type Scenario } from '../../eval/scenario.ts';
import { sharedServers, startNeighbours, type Neighbours } from '../../eval/services/services.ts';
import { findPostgres } from '../../eval/services/postgres.ts';
import { send, type Answer, type Target } from '../../eval/traffic.ts';
import { VouchError } from '../../lib/errors.ts';
import { lineSplitter } from '../../lib/lines.ts';
import type { Logger } from '../../lib/log.ts';
import { baseEnvironment, run, runOrThrow } from '../../lib/process.ts';
import { serve, type Serving } from '../../server/serve.ts';
import { createClient, type Client } from '../client.ts';
import { plain } from '../style.ts';

const SHOP = fileURLToPath(new URL('../../../examples/shop', import.meta.url));
const APP = 'shop';
/** Ordinary reads after the scenario's own traffic, so that there is something to compare with. */
const MORE_ROUNDS = 2;
const INCIDENT_DEADLINE_MS = 20_000;

interface Told<T> {
  value: T;
  detail: string;
}

/** The parts of the demo, each started when its step comes. `close` ends whatever was started, in reverse. */
export interface Stage {
  client(): Client;
  url(): string;
  /** An address of the pages that also signs in: the demo's token is worth nothing elsewhere. */
  signedIn(url: string): string;
  startServer(): Promise<Told<null>>;
  startNeighbours(): Promise<Told<null>>;
  push(onLine: (line: string) => void): Promise<Told<{ version: string }>>;
  sendTraffic(): Promise<Told<null>>;
  awaitIncident(): Promise<Told<string>>;
  /** The request that failed, again, at the release that runs now. */
  askAgain(): Promise<Told<null>>;
  failsAgain(): Promise<boolean>;
  close(): Promise<void>;
}

export async function openStage(options: {
  folder: string;
  config: Config;
  log: Logger;
  port: number;
  signal: AbortSignal;
}): Promise<Stage> {
  const { folder, config, log } = options;
  const [scenario] = (await loadSuite(SHOP)).scenarios as [Scenario];
  const failing = scenario.traffic.filter(({ expect }) => expect === 500);
  const undo: (() => Promise<void>)[] = [];
  let serving: Serving | undefined;
  let client: Client | undefined;
  let neighbours: Neighbours | undefined;
  const server = (): Serving => {
    if (!serving) throw new Error('the server was not started');
    return serving;
  };
  const api = (): Client =>
    (client ??= createClient({ url: server().url, token: server().localToken, send: fetch }));
  const target = async (): Promise<Target> => {
    const url = new URL((await api().call('getApp', { params: { app: APP } })).url);
    return { port: Number(url.port), host: url.host };
  };
  const ask = async (): Promise<Answer> => send(await target(), failing[0]!, scenario);

  return {
    client: api,
    url: () => server().url,
    signedIn: (url) =>
      `${url}${url.includes('?') ? '&' : '?'}token=${server().adminToken ?? server().localToken}`,
    async startServer() {
      serving = await serve(
        join(folder, 'data'),
        { ...config, 'server.port': options.port, 'router.port': 0 },
        log,
      );
      undo.push(() => serving!.close());
      // Without it everything works but what the demo is there to show.
      const { parts } = await api().call('doctor', {});
      const recorder = parts.find(({ part }) => part === 'recorder');
      if (recorder?.ok === false)
        throw new VouchError('missing-part', `recorder: ${recorder.detail}`, {
          hint: recorder.mend ?? 'vouch doctor',
        });
      return { value: null, detail: `${serving.url}, SQLite in ${folder}` };
    },
    async startNeighbours() {
      const shared = sharedServers(folder);
      undo.push(() => shared.stop());
      neighbours = await startNeighbours(scenario, shared, folder);
      undo.push(() => neighbours!.stop());
      const postgres = await findPostgres();
      return {
        value: null,
        detail: `PostgreSQL (${postgres?.from === 'npm' ? 'from npm' : "the system's"}) and a rates service over HTTP`,
      };
    },
    async push(onLine) {
      await api().call('createApp', { body: { name: APP } });
      await api().call('setEnv', { params: { app: APP }, body: { ...scenario.env, ...neighbours!.env } });
      await pushFolder(
        scenario.appFolder,
        join(folder, 'checkout'),
        `${server().url}/git/${APP}`,
        server().localToken,
        onLine,
      );
      const app = await api().call('getApp', { params: { app: APP } });
      if (!app.current) throw new VouchError('unavailable', 'the push was taken, but nothing runs');
      return {
        value: { version: app.current.version },
        detail: `${app.current.version} (${app.current.commit.slice(0, 8)}) serves at ${app.url}`,
      };
    },
    async sendTraffic() {
      const to = await target();
      const reads = scenario.traffic.filter(({ method, expect }) => method === 'GET' && expect !== 500);
      const surprises: string[] = [];
      for (const asked of scenario.traffic) {
        const { status } = await send(to, asked, scenario);
        if (![asked.expect].flat().includes(status))
          surprises.push(`${asked.method} ${asked.path}: ${status}`);
      }
      for (let round = 0; round < MORE_ROUNDS; round++)
        for (const asked of reads) await send(to, asked, scenario);
      const sent = scenario.traffic.length + MORE_ROUNDS * reads.length;
      if (surprises.length > 0)
        throw new VouchError('unavailable', `the shop answered otherwise than expected: ${surprises[0]}`);
      return {
        value: null,
        detail: `${sent} requests through the router, ${failing.length} of them hit the bug; the kernel tap recorded them`,
      };
    },
    async awaitIncident() {
      const deadline = Date.now() + INCIDENT_DEADLINE_MS;
      for (;;) {
        options.signal.throwIfAborted();
        for (const { id } of await api().call('listIncidents', { query: { app: APP } })) {
          const incident = await api().call('getIncident', { params: { incident: id } });
          if (incident.recording === null || !incident.failing) continue;
          const culprit = incident.culprit === null ? '' : ` in ${incident.culprit}`;
          return {
            value: id,
            detail: plain(
              `${incident.title}${culprit}; ${incident.failing.summary} made ${incident.calls.length} calls`,
            ),
          };
        }
        if (Date.now() > deadline) {
          const doctor = await api().call('doctor', {});
          const missing = doctor.parts.find(({ ok, optional }) => !ok && !optional);
          throw new VouchError(
            'missing-part',
            missing
              ? `no recording: ${missing.part}: ${missing.detail}`
              : 'no incident with a recording appeared',
            {
              hint: missing?.mend ?? 'vouch doctor',
            },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async askAgain() {
      const { status, body } = await ask();
      if (status === 0 || status >= 500)
        throw new VouchError('no', `the request is still answered ${status}`);
      return {
        value: null,
        detail: `${failing[0]!.method} ${failing[0]!.path} is answered ${status} ${plain(body).slice(0, 80)}`,
      };
    },
    failsAgain: async () => (await ask()).status === 500,
    async close() {
      for (let step = undo.pop(); step; step = undo.pop()) await step();
    },
  };
}

/** Commits a copy of the folder in a repository of its own and pushes it, as its author would. The token is given where no other user can read it. */
async function pushFolder(
  from: string,
  to: string,
  remote: string,
  token: string,
  onLine: (line: string) => void,
): Promise<void> {
  await mkdir(to, { recursive: true });
  await cp(from, to, { recursive: true, filter: (path) => !path.split('/').includes('node_modules') });
  const env = {
    ...baseEnvironment(),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Shop',
    GIT_AUTHOR_EMAIL: 'shop@localhost',
    GIT_COMMITTER_NAME: 'Shop',
    GIT_COMMITTER_EMAIL: 'shop@localhost',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`vouch:${token}`).toString('base64')}`,
  };
  await runOrThrow(['git', 'init', '-q', '-b', 'main', to], { env });
  await runOrThrow(['git', '-C', to, 'add', '-A'], { env });
  await runOrThrow(['git', '-C', to, 'commit', '-q', '-m', 'The shop'], { env });
  const lines = lineSplitter((line) => {
    const text = plain(line)
      .replace(/^remote: ?/, '')
      .trim();
    if (text !== '') onLine(text);
  });
  const pushed = await run(['git', '-C', to, 'push', remote, 'main'], {
    env,
    timeoutMs: 180_000,
    onOutput: (chunk) => lines.push(chunk),
  });
  lines.end();
  if (pushed.code !== 0)
    throw new VouchError(
      'unavailable',
      `git push: ${plain(pushed.stderr.toString('utf8')).trim().split('\n').slice(-3).join(' · ')}`,
    );
}
