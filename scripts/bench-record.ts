/**
 * What recording costs: `npm run bench:record [-- --json] [-- --quick]`. Needs root; three minutes at most.
 *
 * The demo's shop runs with its real neighbours in a cgroup of its own. At half of its highest throughput the tap is
 * switched off and on in the order off, on, on, off, so that a machine that gets slower or faster favours neither; a
 * run is compared with the one beside it, and the medians of those ratios are the figures. What two runs without the
 * tap differ by is printed beside each: a ratio nearer to one than that says nothing. `--quick` only shows that it works.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { VouchError, messageOf } from '../src/lib/errors.ts';
import { newId } from '../src/lib/ids.ts';
import { createLogger } from '../src/lib/log.ts';
import { scratchDir } from '../src/lib/scratch.ts';
import { startAgent, type StartedAgent } from '../src/record/agent/client.ts';
import { loadSchema, type Load, type Order } from './bench-order.ts';
import { table, type Result, type Spread } from './bench-record-table.ts';
import { cpuMicros, startLittle, startShop, type Subject } from './bench-subjects.ts';

const CONNECTIONS = 32;
const FIXED_RATE = 2000;
/** Of what a subject can do; nearer to its limit no rate is held. */
const ROOM = 0.9;
const LIMIT_MS = 175_000;
const FULL = { seconds: 4, rounds: 5, saturatedRounds: 1, warm: 5 };
const QUICK = { seconds: 1, rounds: 2, saturatedRounds: 1, warm: 1.5 };
/** Of /proc/PID/stat; Linux has reported 100 a second to programs on every machine for decades. */
const TICKS = 100;

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const plan = options.quick ? QUICK : FULL;

interface Bench {
  dir: string;
  recorder: StartedAgent;
  generator: ChildProcess;
  /** Past this (on the clock of `performance.now`) no further round is begun. */
  until: number;
}

interface Measured extends Load {
  /** Microseconds of processor time, of the app's cgroup, for a request. */
  cpuPerRequest: number;
}

interface Recorded extends Measured {
  lostBytes: number;
  bytes: number;
  events: number;
  /** Share of a core that the recorder's process used. */
  cores: number;
  memory: Result['recorder']['memory'];
}

interface Pair {
  off: Measured;
  on: Recorded;
}

const say = (text: string): void => {
  if (!options.json) process.stderr.write(text);
};

async function load(
  bench: Bench,
  subject: Subject,
  rate: number | null,
  seconds = plan.seconds,
): Promise<Measured> {
  const { port, requests, cgroup } = subject;
  const order: Order = { port, requests, connections: CONNECTIONS, seconds, rate };
  const before = await cpuMicros(cgroup);
  const result = loadSchema.safeParse(await answerOf(bench.generator, order));
  if (!result.success) throw new VouchError('unavailable', 'the load generator ended');
  if (result.data.failed > 0)
    throw new VouchError(
      'unavailable',
      `${subject.name}: ${result.data.failed} requests failed at ${rate ?? 'full'} load`,
    );
  const cpu = (await cpuMicros(cgroup)) - before;
  say('.');
  return { ...result.data, cpuPerRequest: cpu / Math.max(1, result.data.answered) };
}

async function answerOf(generator: ChildProcess, order: Order): Promise<unknown> {
  if (!generator.connected) return null;
  const answered = new AbortController();
  const first = Promise.race(
    ['message', 'exit'].map((event) => once(generator, event, { signal: answered.signal })),
  );
  generator.send(order);
  try {
    return (await first)[0];
  } finally {
    answered.abort();
  }
}

/** The same while the subject is recorded. */
async function recorded(bench: Bench, subject: Subject, rate: number | null): Promise<Recorded> {
  const { agent, pid } = bench.recorder;
  const { id: cgroupId, path: cgroupPath } = subject.cgroup;
  const folder = join(bench.dir, newId('seg'));
  await agent.tap({ cgroupPath, cgroupId, folder, maxBytes: 256 * 1024 * 1024 });
  const [before, start] = [await cpuSeconds(pid), performance.now()];
  const result = await load(bench, subject, rate);
  const { lostBytes, bytes, events } = await agent.flush(cgroupId);
  const cores = ((await cpuSeconds(pid)) - before) / ((performance.now() - start) / 1000);
  const held = await memory(pid);
  await agent.untap(cgroupId);
  await rm(folder, { recursive: true, force: true });
  return { ...result, lostBytes, bytes, events, cores, memory: held };
}

/** proc(5): utime and stime are fields 14 and 15, counted behind the name in brackets. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** proc(5): what is resident of it. */
async function memory(pid: number): Promise<Result['recorder']['memory']> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  return { own: bytes('RssAnon'), shared: bytes('RssFile') + bytes('RssShmem') };
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  return low + ((sorted[Math.ceil(place)] ?? low) - low) * (place - Math.floor(place));
}
const median = (values: number[]): number => quantile(values, 0.5);

/** Pairs of neighbouring runs, off and on, and what neighbouring runs that are both off differ by. */
async function alternate(
  bench: Bench,
  subject: Subject,
  rate: number | null,
  rounds: number,
): Promise<{ pairs: Pair[]; same: [Measured, Measured][] }> {
  const pairs: Pair[] = [];
  const same: [Measured, Measured][] = [];
  let last = await load(bench, subject, rate);
  for (let round = 0; round < rounds && (round === 0 || performance.now() < bench.until); round++) {
    const first = await load(bench, subject, rate);
    const on1 = await recorded(bench, subject, rate);
    const on2 = await recorded(bench, subject, rate);
    const second = await load(bench, subject, rate);
    same.push([last, first]);
    pairs.push({ off: first, on: on1 }, { off: second, on: on2 });
    last = second;
  }
  return { pairs, same };
}

function compare(
  { pairs, same }: { pairs: Pair[]; same: [Measured, Measured][] },
  of: (run: Measured) => number,
): Spread {
  const ratios = pairs.map(({ off, on }) => of(on) / of(off));
  const apart = same.map(([a, b]) => Math.max(of(a) / of(b), of(b) / of(a)));
  return {
    off: median(pairs.map(({ off }) => of(off))),
    on: median(pairs.map(({ on }) => of(on))),
    ratio: median(ratios),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    offAgainstOff: { median: median(apart), worst: Math.max(...apart) },
  };
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** The recorder's share of a core at the rate of the bar, with the shop when it can do that. */
async function atFixedRate(bench: Bench, shop: Subject, highest: number): Promise<Result['recorder']> {
  const subject = highest * ROOM >= FIXED_RATE ? shop : await startLittle(bench.dir);
  try {
    let rate = FIXED_RATE;
    if (subject !== shop) {
      await load(bench, subject, null, plan.warm);
      rate = Math.min(rate, Math.round((await load(bench, subject, null)).perSecond * ROOM));
    }
    const bare = await load(bench, subject, rate);
    const run = await recorded(bench, subject, rate);
    return {
      subject: subject.name,
      asked: rate,
      perSecond: run.perSecond,
      cores: run.cores,
      appCoresMore: ((run.cpuPerRequest - bare.cpuPerRequest) * run.perSecond) / 1e6,
      eventsPerRequest: run.events / Math.max(1, run.answered),
      bytesPerRequest: run.bytes / Math.max(1, run.answered),
      lostBytes: run.lostBytes,
      memory: run.memory,
    };
  } finally {
    if (subject !== shop) await subject.stop();
  }
}

async function measure(bench: Bench, shop: Subject): Promise<Result> {
  say('warming up, highest throughput ');
  await load(bench, shop, null, plan.warm);
  const highest = median(
    [await load(bench, shop, null), await load(bench, shop, null)].map((run) => run.perSecond),
  );
  const rate = Math.round(highest / 2);
  say(`\nsaturated `);
  const full = await alternate(bench, shop, null, plan.saturatedRounds);
  say(`\nrecorder at ${FIXED_RATE}/s `);
  const recorder = await atFixedRate(bench, shop, highest);
  say(`\nhalf of it, ${rate}/s `);
  const half = await alternate(bench, shop, rate, plan.rounds);
  say('\n');
  return {
    version: 2,
    quick: options.quick,
    machine: { cores: cpus().length, kernel: release(), node: process.version },
    highestPerSecond: highest,
    half: {
      perSecond: rate,
      pairs: half.pairs.length,
      requestsPerRun: median(half.pairs.map(({ off }) => off.measured)),
      p50: compare(half, (run) => run.p50),
      p99: compare(half, (run) => run.p99),
      appCpu: compare(half, (run) => run.cpuPerRequest),
      lostBytes: sum(half.pairs.map(({ on }) => on.lostBytes)),
      recorderCores: median(half.pairs.map(({ on }) => on.cores)),
    },
    recorder,
    saturated: {
      throughput: compare(full, (run) => run.perSecond),
      recordedBytes: sum(full.pairs.map(({ on }) => on.bytes)),
      lostBytes: sum(full.pairs.map(({ on }) => on.lostBytes)),
      recorderCores: median(full.pairs.map(({ on }) => on.cores)),
    },
  };
}

async function main(): Promise<void> {
  const until = performance.now() + (LIMIT_MS - 4 * plan.seconds * 1500);
  const dir = await scratchDir('bench');
  const undo: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const recorder = await startAgent({ dir: join(dir, 'agent'), logger: createLogger('warn') });
    undo.push(() => recorder.stop());
    const generator = fork(join(import.meta.dirname, 'bench-load.ts'));
    undo.push(async () => generator.kill('SIGKILL'));
    // The run that is under way then fails, and everything is undone in its order.
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => generator.kill('SIGKILL'));
    say('installing and starting the shop\n');
    const shop = await startShop(dir);
    undo.push(() => shop.stop());
    const result = await measure({ dir, recorder, generator, until }, shop);
    const { text, met } = table(result);
    console.log(options.json ? JSON.stringify(result, null, 2) : text);
    if (!met && !options.quick) process.exitCode = 1;
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
