/** What is recorded in the recording benchmark: programs in a cgroup of their own, with real neighbours outside of it. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSuite, type Scenario, type ScenarioRequest } from '../src/eval/scenario.ts';
import { freePort, startListening } from '../src/eval/services/child.ts';
import { sharedServers, startNeighbours, startProgram } from '../src/eval/services/services.ts';
import { send } from '../src/eval/traffic.ts';
import { cgroupLayout, createCgroup, type Cgroup } from '../src/lib/cgroup.ts';
import { VouchError } from '../src/lib/errors.ts';
import { newId } from '../src/lib/ids.ts';
import { runOrThrow } from '../src/lib/process.ts';
import type { Order } from './bench-order.ts';

export interface Subject {
  name: string;
  port: number;
  cgroup: Cgroup;
  /** Requests that succeed, as often as one likes. */
  requests: Order['requests'];
  stop(): Promise<void>;
}

/** The demo's shop: express, PostgreSQL, and rates over HTTP, installed into a copy in `dir`. */
export async function startShop(dir: string): Promise<Subject> {
  const [scenario] = (await loadSuite(join(import.meta.dirname, '../examples/shop'))).scenarios as [Scenario];
  const tree = join(dir, 'shop');
  await cp(scenario.appFolder, tree, {
    recursive: true,
    filter: (path) => !path.endsWith('/node_modules'),
  });
  await runOrThrow(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev'], {
    cwd: tree,
    env: ownEnvironment(),
    timeoutMs: 60_000,
  });
  return assemble('shop', async (undo) => {
    const shared = sharedServers(dir);
    undo.push(() => shared.stop());
    const neighbours = await startNeighbours(scenario, shared, join(dir, 'neighbours'));
    undo.push(() => neighbours.stop());
    return {
      argv: [process.execPath, 'server.js'],
      cwd: tree,
      env: { NODE_ENV: 'production', ...scenario.env, ...neighbours.env },
      requests: (port) => shopRequests(port, scenario),
    };
  });
}

/** All of ours: how a registry is reached (proxy, certificates) stands in it, and what is installed is our own example. */
function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** One process that asks one neighbour per request: for the rate that the bar names, where the shop is too slow for it. */
export async function startLittle(dir: string): Promise<Subject> {
  return assemble('little', async (undo) => {
    const neighbour = join(dir, 'little-neighbour.cjs');
    const app = join(dir, 'little-app.cjs');
    await writeFile(neighbour, LITTLE_NEIGHBOUR);
    await writeFile(app, LITTLE_APP);
    const service = await startProgram('little: neighbour', neighbour, dir);
    undo.push(() => service.stop());
    const requests = [{ text: textOf({ method: 'GET', path: '/sum', headers: {} }), status: 200 }];
    return {
      argv: [process.execPath, app],
      cwd: dir,
      env: { NEIGHBOUR_URL: service.url },
      requests: () => Promise.resolve(requests),
    };
  });
}

interface Parts {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
  requests: (port: number) => Promise<Order['requests']>;
}

/** Starts what `prepare` says in a new cgroup; whatever was started is ended again when something fails. */
async function assemble(
  name: string,
  prepare: (undo: (() => Promise<void>)[]) => Promise<Parts>,
): Promise<Subject> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const layout = await cgroupLayout();
    if (!layout) throw new VouchError('missing-part', 'there is no cgroup v2 tree');
    const { argv, cwd, env, requests } = await prepare(undo);
    const cgroup = await createCgroup(layout, newId('vouchbench'));
    undo.push(() => cgroup.remove());
    const port = await freePort();
    // It has to be in the cgroup before it opens a socket.
    const enter = ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup.path];
    const program = await startListening(name, [...enter, ...argv], port, {
      cwd,
      env: { ...env, PORT: String(port) },
    });
    undo.push(() => program.stop());
    return { name, port, cgroup, requests: await requests(port), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The scenario's successful requests, in the order and shares it has: all reads, and the checkouts. What else writes is
 * sent once before, since the reads need it, and left out of the load: a cart that grows would make every run another.
 */
async function shopRequests(port: number, scenario: Scenario): Promise<Order['requests']> {
  const requests: Order['requests'] = [];
  for (const asked of scenario.traffic) {
    const status = [asked.expect].flat()[0]!;
    if (status >= 300) continue;
    const answer = await send({ port }, asked, scenario);
    if (answer.status !== status)
      throw new VouchError(
        'unavailable',
        `shop: ${asked.method} ${asked.path}: ${answer.status}: ${answer.body}`,
      );
    if (asked.method === 'GET' || asked.path === '/checkout') requests.push({ text: textOf(asked), status });
  }
  return requests;
}

function textOf({ method, path, headers, body }: ScenarioRequest): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  const all = { host: 'bench', ...headers, ...(content && { 'content-length': Buffer.byteLength(content) }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${content}`;
}

/** Microseconds of processor time that the cgroup has used (cgroup v2 counts them without a controller, too). */
export async function cpuMicros(cgroup: Cgroup): Promise<number> {
  const text = await readFile(join(cgroup.path, 'cpu.stat'), 'utf8');
  return Number(/^usage_usec (\d+)$/m.exec(text)?.[1]);
}

const LITTLE_NEIGHBOUR = `
  const body = JSON.stringify({ rates: Array.from({ length: 20 }, (_, i) => ({ currency: 'C' + i, rate: i * 1.1 })) });
  require('node:http').createServer((req, res) => res.end(body)).listen(Number(process.env.PORT), '127.0.0.1');
`;

const LITTLE_APP = `
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const ask = () => new Promise((resolve, reject) => {
    http.get(process.env.NEIGHBOUR_URL, { agent }, (res) => {
      let text = '';
      res.on('data', (d) => { text += d; });
      res.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
  http.createServer(async (req, res) => {
    const { rates } = await ask();
    const body = JSON.stringify({ path: req.url, total: rates.reduce((sum, { rate }) => sum + rate, 0), rates });
    res.setHeader('content-length', Buffer.byteLength(body));
    res.end(body);
  }).listen(Number(process.env.PORT), '127.0.0.1');
`;
