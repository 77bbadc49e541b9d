/**
 * What recording costs: `npm run bench:record [-- --json]`. A small HTTP app with one call to a neighbour runs in a
 * cgroup of its own; the tap is switched off and on in turn, and medians are compared. Needs root. About two minutes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { cgroupLayout, createCgroup, type Cgroup } from '../src/lib/cgroup.ts';
import { VouchError, messageOf } from '../src/lib/errors.ts';
import { newId } from '../src/lib/ids.ts';
import { createLogger } from '../src/lib/log.ts';
import { runOrThrow } from '../src/lib/process.ts';
import { startAgent, type StartedAgent } from '../src/record/agent/client.ts';

const CONNECTIONS = 32;
const SECONDS = 4;
const ROUNDS = 5;
const SATURATED_ROUNDS = 3;
const FIXED_RATE = 2000;
/** Of /proc/PID/stat; Linux has reported 100 a second to programs on every machine for decades. */
const TICKS = 100;
/** Spread of equal runs past which the ratios are called meaningless. */
const QUIET = 0.3;
const BARS = { p50: 1.05, p99: 1.15, lostBytes: 0, cores: 0.25 };

const NEIGHBOUR = `
  const body = JSON.stringify({ rates: Array.from({ length: 20 }, (_, i) => ({ currency: 'C' + i, rate: i * 1.1 })) });
  const server = require('node:http').createServer((req, res) => res.end(body));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const APP = `
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const ask = () => new Promise((resolve, reject) => {
    http.get({ port: Number(process.argv[1]), host: '127.0.0.1', agent }, (res) => {
      let text = '';
      res.on('data', (d) => { text += d; });
      res.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
  const server = http.createServer(async (req, res) => {
    const { rates } = await ask();
    const body = JSON.stringify({ path: req.url, total: rates.reduce((sum, { rate }) => sum + rate, 0), rates });
    res.setHeader('content-length', Buffer.byteLength(body));
    res.end(body);
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const loadSchema = z.object({ perSecond: z.number(), p50: z.number(), p99: z.number(), errors: z.number() });
type Load = z.infer<typeof loadSchema>;

interface Bench {
  app: ChildProcess;
  port: number;
  cgroup: Cgroup;
  recorder: StartedAgent;
  dir: string;
}

async function startNode(
  source: string,
  args: string[],
  cgroup?: Cgroup,
): Promise<{ child: ChildProcess; port: number }> {
  const node = [process.execPath, '-e', source, ...args];
  const argv = cgroup ? ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup.path, ...node] : node;
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}

async function load(port: number, rate?: number): Promise<Load> {
  const script = join(import.meta.dirname, 'bench-load.ts');
  const args = [
    port,
    '/products/1?currency=EUR',
    SECONDS,
    CONNECTIONS,
    ...(rate === undefined ? [] : [rate]),
  ];
  const { stdout } = await runOrThrow([process.execPath, script, ...args.map(String)]);
  return loadSchema.parse(JSON.parse(stdout.toString()));
}

/** Runs `work` while the app is recorded; what was lost, and the share of a core that the recorder used. */
async function recorded<T>(
  bench: Bench,
  work: () => Promise<T>,
): Promise<{ result: T; lostBytes: number; cores: number }> {
  const { agent, pid } = bench.recorder;
  const { id: cgroupId, path: cgroupPath } = bench.cgroup;
  const folder = join(bench.dir, newId('seg'));
  await agent.tap({ cgroupPath, cgroupId, folder, maxBytes: 256 * 1024 * 1024 });
  const { result, cores } = await withCores(pid, work);
  const { lostBytes } = await agent.flush(cgroupId);
  await agent.untap(cgroupId);
  await rm(folder, { recursive: true, force: true });
  return { result, lostBytes, cores };
}

async function withCores<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; cores: number }> {
  const [before, start] = [await cpuSeconds(pid), performance.now()];
  const result = await work();
  return { result, cores: ((await cpuSeconds(pid)) - before) / ((performance.now() - start) / 1000) };
}

/** proc(5): utime and stime are fields 14 and 15, counted behind the name in brackets. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How far runs of the same kind lie apart, as a share of their median: below this no difference means anything. */
function spread(values: number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

async function measure(bench: Bench) {
  const { port } = bench;
  await load(port); // warm
  const highest = (await load(port)).perSecond;
  const half = Math.round(highest / 2);
  const pairs: { off: Load; on: Load; lostBytes: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const off = await load(port, half);
    const on = await recorded(bench, () => load(port, half));
    pairs.push({ off, on: on.result, lostBytes: on.lostBytes });
  }
  const full: { off: number; on: number; lostBytes: number }[] = [];
  for (let round = 0; round < SATURATED_ROUNDS; round++) {
    const off = (await load(port)).perSecond;
    const on = await recorded(bench, () => load(port));
    full.push({ off, on: on.result.perSecond, lostBytes: on.lostBytes });
  }
  // What the programs in the kernel cost is spent in the app's own system calls.
  const app = bench.app.pid!;
  const rate = Math.min(FIXED_RATE, highest);
  const bare = await withCores(app, () => load(port, rate));
  const fixed = await recorded(bench, () => withCores(app, () => load(port, rate)));
  const side = (key: 'p50' | 'p99', which: 'off' | 'on'): number =>
    median(pairs.map((pair) => pair[which][key]));
  return {
    version: 1,
    highestPerSecond: highest,
    half: {
      perSecond: half,
      rounds: ROUNDS,
      p50: { off: side('p50', 'off'), on: side('p50', 'on'), ratio: side('p50', 'on') / side('p50', 'off') },
      p99: { off: side('p99', 'off'), on: side('p99', 'on'), ratio: side('p99', 'on') / side('p99', 'off') },
      lostBytes: pairs.reduce((sum, { lostBytes }) => sum + lostBytes, 0),
      spreadOfP50Off: spread(pairs.map(({ off }) => off.p50)),
    },
    fixed: { perSecond: rate, recorderCores: fixed.cores, appCoresMore: fixed.result.cores - bare.cores },
    saturated: {
      off: median(full.map(({ off }) => off)),
      on: median(full.map(({ on }) => on)),
      ratio: median(full.map(({ off, on }) => on / off)),
      lostBytes: full.reduce((sum, { lostBytes }) => sum + lostBytes, 0),
    },
  };
}

function table(result: Awaited<ReturnType<typeof measure>>): string {
  const { half, fixed, saturated } = result;
  const cores = fixed.recorderCores + Math.max(0, fixed.appCoresMore);
  const row = (what: string, off: string, on: string, cost: string, bar: string): string =>
    `${what.padEnd(38)}${off.padStart(10)}${on.padStart(10)}${cost.padStart(10)}   ${bar}`;
  const pass = (value: number, bar: number): string => `≤ ${bar} ${value <= bar ? 'met' : 'NOT MET'}`;
  const quiet = half.spreadOfP50Off > QUIET ? 'this machine is too busy to tell' : '';
  return [
    row('', 'off', 'on', '', ''),
    ...(['p50', 'p99'] as const).map((key) => {
      const { off, on, ratio } = half[key];
      return row(
        `${key} µs at ${half.perSecond}/s`,
        String(off),
        String(on),
        ratio.toFixed(3),
        pass(ratio, BARS[key]),
      );
    }),
    row('  runs without it, spread of p50', '', '', half.spreadOfP50Off.toFixed(3), quiet),
    row('lost bytes', '', '', String(half.lostBytes), pass(half.lostBytes, BARS.lostBytes)),
    row(`cores at ${fixed.perSecond}/s: recorder`, '', '', fixed.recorderCores.toFixed(3), ''),
    row('  and in the app', '', '', fixed.appCoresMore.toFixed(3), pass(cores, BARS.cores)),
    row('saturated, requests/s', String(saturated.off), String(saturated.on), saturated.ratio.toFixed(3), ''),
    row('  lost bytes, counted', '', '', String(saturated.lostBytes), ''),
  ].join('\n');
}

async function main(): Promise<void> {
  const layout = await cgroupLayout();
  if (!layout) throw new VouchError('missing-part', 'there is no cgroup v2 tree');
  const dir = await mkdtemp(join(tmpdir(), 'vouch-bench-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const cgroup = await createCgroup(layout, newId('vouchbench'));
    undo.push(() => cgroup.remove());
    const neighbour = await startNode(NEIGHBOUR, []);
    undo.push(async () => neighbour.child.kill('SIGKILL'));
    const app = await startNode(APP, [String(neighbour.port)], cgroup);
    const recorder = await startAgent({ dir: join(dir, 'agent'), logger: createLogger('warn') });
    undo.push(() => recorder.stop());
    const result = await measure({ app: app.child, port: app.port, cgroup, recorder, dir });
    console.log(process.argv.includes('--json') ? JSON.stringify(result, null, 2) : table(result));
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench-record: ${messageOf(error)}`);
  process.exitCode = 4;
}
