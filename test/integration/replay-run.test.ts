import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/lib/json.ts';
import { silentLogger } from '../../src/lib/log.ts';
import type { Exchange } from '../../src/protocol/port.ts';
import { startAgent, type StartedAgent } from '../../src/record/agent/client.ts';
import { NO_ANSWER } from '../../src/record/exchanges.ts';
import type { Slice } from '../../src/record/model.ts';
import { makePlan, type Asked, type PlanOptions } from '../../src/replay/make-plan.ts';
import { replay, type OutputLine, type ReplayOptions, type ReplayRun } from '../../src/replay/run.ts';
import type { Sandbox } from '../../src/sandbox/port.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { observeRun, type Observed } from '../../src/verify/observe.ts';
import { exchange, inbound, slice } from '../fixtures/recordings.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD } from './record-setup.ts';

/** Answers each request by what it asks of the world; nothing is installed. */
const APP = `
  import http from 'node:http';
  import net from 'node:net';
  const ask = (options, body) => new Promise((resolve) => {
    const request = http.request({ host: '10.1.2.3', port: 8080, agent: false, ...options }, (answer) => {
      const peer = answer.socket.remoteAddress + ':' + answer.socket.remotePort;
      let text = '';
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => resolve({ status: answer.statusCode, text, peer }));
    });
    request.on('error', (error) => resolve({ error: error.code }));
    request.end(body);
  });
  let inside = 0;
  const routes = {
    ask: (url) => ask({ path: url.searchParams.get('path') }),
    unix: () => ask({ socketPath: '/run/upstream/up.sock', path: '/unix', host: undefined, port: undefined, headers: { host: 'up' } }),
    nonce: () => ask({ path: '/nonce', method: 'POST', headers: { 'content-type': 'application/json' } }, JSON.stringify({ nonce: Math.random() })),
    stray: () => new Promise((resolve) => {
      net.connect(443, '8.8.8.8').on('error', (error) => resolve({ error: error.code })).on('close', () => resolve({}));
    }),
    clock: () => ({ now: Date.now() }),
    hang: () => { console.log('hanging'); return new Promise(() => {}); },
    crash: () => { throw Object.assign(new Error('the end'), { fatal: true }); },
    flood: () => {
      const line = 'x'.repeat(99) + '\\n';
      for (let i = 0; i < 100; i++) process.stdout.write(line.repeat(10_000));
      console.error(new Error('behind a flood'));
      return {};
    },
    alone: async () => {
      inside++;
      await ask({ path: '/slow' });
      if (inside > 1) console.error(new Error('two at once'));
      inside--;
      return {};
    },
    late: () => { setTimeout(() => ask({ path: '/late', method: 'POST' }), 20); return {}; },
  };
  http.createServer(async (request, response) => {
    const url = new URL(request.url, 'http://app');
    try {
      response.end(JSON.stringify(await routes[url.pathname.slice(1)](url)));
    } catch (error) {
      if (error.fatal) process.nextTick(() => { throw error; });
    }
  }).listen(process.env.PORT, '127.0.0.1');
`;

type Part = Partial<Omit<ReplayOptions, 'plan'>> & {
  slice?: Partial<Slice>;
  plan?: Partial<PlanOptions>;
  clockMs?: number;
};

const BEGAN = Date.UTC(2024, 0, 31, 12) * 1000;
const MS = 1000;

const { local } = sandboxes();
const state = await local.available();
const missing = state.ok ? CANNOT_RECORD : `${state.reason} (${state.mend})`;

needs(missing === '', missing)('a replay', () => {
  let folder: string;
  let agent: StartedAgent;
  let count = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vouch-replay-run-'));
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'app.mjs'), APP);
    agent = await startAgent({ dir: join(folder, 'agent'), logger: silentLogger });
  });
  afterAll(async () => {
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A request to the app, `ms` after the beginning. */
  function asks(target: string, ms = 0, part: Partial<Exchange> = {}): Exchange {
    const startedAt = BEGAN + ms * MS;
    return inbound(
      'GET',
      target,
      200,
      {},
      { id: `${target} ${ms}`, startedAt, endedAt: startedAt + 50 * MS, ...part },
    );
  }

  /** A call of the app, with the text that it was answered. */
  function call(
    path: string,
    text: string | null,
    part: Partial<Exchange> & { method?: string; body?: Json } = {},
  ): Exchange {
    const { method = 'GET', body, ...rest } = part;
    const json: Json = body === undefined ? [] : [['content-type', 'application/json']];
    return exchange({
      protocol: 'http1',
      destination: { host: '10.1.2.3', port: 8080 },
      startedAt: BEGAN,
      request: {
        method,
        target: path,
        version: '1.1',
        headers: [['host', rest.destination?.port === 0 ? 'up' : '10.1.2.3:8080'], ...(json as Json[])],
        body: body === undefined ? null : { text: JSON.stringify(body) },
        encoding: null,
        trailers: [],
      },
      response:
        text === null
          ? null
          : {
              status: 200,
              reason: 'OK',
              headers: [],
              body: { text },
              encoding: null,
              trailers: [],
              truncated: false,
            },
      ...rest,
    });
  }

  async function run(exchanges: Exchange[], asked: Asked[], part: Part = {}): Promise<Observed> {
    const { slice: sliceOf, plan, clockMs, onOutput, ...options } = part;
    const all = slice([...asked.map((one) => one.exchange), ...exchanges], sliceOf);
    const observer = observeRun();
    const done: ReplayRun = await replay({
      sandbox: local,
      redirector: agent.agent,
      refused: all.refused,
      plan: makePlan(all, asked, {
        port: 3000,
        schedule: 'sequential',
        readyTimeoutMs: 20_000,
        lingerMs: 0,
        noise: {},
        ...plan,
      }),
      spec: {
        id: `replay-${count++}`,
        tree: folder,
        argv: ['node', 'app.mjs'],
        env: { PORT: '3000' },
        limits: { memoryBytes: 512 * 1024 * 1024, processes: 64, cpus: 2 },
        writable: true,
        ...(clockMs === undefined ? {} : { clockMs }),
      },
      onOutput(line) {
        observer.onOutput(line);
        onOutput?.(line);
      },
      ...options,
    });
    return observer.observed(
      'a run',
      done,
      new Map(asked.map((one) => [one.id ?? one.exchange.id, one.exchange])),
    );
  }

  const said = (observed: Observed, { id }: { id: string }): Json => {
    const response = observed.responses.get(id)?.response as { body: { text: string } } | null | undefined;
    return response ? (JSON.parse(response.body.text) as Json) : null;
  };
  const matches = (observed: Observed): string[] =>
    observed.run.result.calls.map(({ summary, match }) => `${summary}: ${match}`);

  it('answers exactly, without regard of noise, from elsewhere, or not at all; the app sees the address that it knew', async () => {
    const [known, elsewhere, unknown, nonce] = [
      asks('/ask?path=/known', 0),
      asks('/ask?path=/elsewhere', 1),
      asks('/ask?path=/unknown', 2),
      asks('/nonce', 3),
    ];
    const calls = [
      call('/known', 'yes'),
      call('/elsewhere', 'there'),
      call('/nonce', 'ok', { method: 'POST', body: { nonce: 1 } }),
    ];
    const observed = await run(
      calls,
      [known, elsewhere, unknown, nonce].map((one) => ({ exchange: one })),
      {
        slice: { callsOf: { [known.id]: [calls[0]!.id], [nonce.id]: [calls[2]!.id] } },
        plan: { noise: { 'http1 POST 10.1.2.3:8080/nonce': ['body.nonce'] } },
      },
    );
    expect(said(observed, known)).toEqual({ status: 200, text: 'yes', peer: '10.1.2.3:8080' });
    expect(said(observed, elsewhere)).toMatchObject({ text: 'there' });
    expect(said(observed, unknown)).toMatchObject({ status: 502 });
    expect(said(observed, nonce)).toMatchObject({ text: 'ok' });
    expect(matches(observed)).toEqual([
      'GET /known: exact',
      'GET /elsewhere: normalised',
      'GET /unknown: none',
      'POST /nonce: normalised',
    ]);
    expect(observed.run.strays).toEqual([]);
  });

  it('refuses and reports what was never recorded', async () => {
    const stray = asks('/stray');
    const observed = await run([], [{ exchange: stray }]);
    expect(said(observed, stray)).toEqual({ error: 'ECONNRESET' });
    expect(observed.run.strays).toEqual([{ address: '8.8.8.8', port: 443, count: 1 }]);
  });

  it('refuses for as long as it was refused, and closes what was closed without an answer', async () => {
    const [before, down, after, closed] = [0, 100, 200, 300].map((ms) =>
      asks(ms === 300 ? '/ask?path=/closed' : '/ask?path=/up', ms),
    );
    const silent = call('/closed', null, {
      complete: false,
      incomplete: NO_ANSWER,
      startedAt: closed!.startedAt,
      endedAt: closed!.startedAt + 10 * MS,
    });
    const observed = await run(
      [call('/up', 'up'), silent],
      [before, down, after, closed].map((one) => ({ exchange: one! })),
      {
        slice: {
          callsOf: { [closed!.id]: [silent.id] },
          refused: [{ host: '10.1.2.3', port: 8080, at: [down!.startedAt + MS] }],
        },
      },
    );
    expect(said(observed, before!)).toMatchObject({ text: 'up' });
    expect(said(observed, down!)).toEqual({ error: 'ECONNREFUSED' });
    expect(said(observed, after!)).toMatchObject({ text: 'up' });
    expect(said(observed, closed!)).toEqual({ error: 'ECONNRESET' });
    expect(matches(observed)).toContain('GET /closed: exact');
    expect(observed.run.strays).toEqual([]);
  });

  it('plays servers behind unix sockets', async () => {
    const unix = asks('/unix');
    const answer = call('/unix', 'from a socket', {
      destination: { host: '/run/upstream/up.sock', port: 0 },
    });
    const observed = await run([answer], [{ exchange: unix }], {
      slice: { callsOf: { [unix.id]: [answer.id] } },
    });
    expect(said(observed, unix)).toMatchObject({ text: 'from a socket' });
  });

  it('sends a request when its time has come, by the clock of the app, and never before', async () => {
    const clock = asks('/clock');
    const leadMs = 1_500;
    const observed = await run([], [{ exchange: clock }], {
      plan: { clock: { exchange: clock.id, leadMs } },
      clockMs: BEGAN / MS - leadMs,
    });
    expect(observed.run.clock).toBe('recorded');
    const { now } = said(observed, clock) as { now: number };
    expect(now).toBeGreaterThanOrEqual(BEGAN / MS);
    expect(now).toBeLessThan(BEGAN / MS + 60_000);
  });

  it('takes a hang and the end of the app for results', async () => {
    const hang = asks('/hang');
    const hung = await run([], [{ exchange: hang }]);
    expect(hung.responses.get(hang.id)).toMatchObject({ response: null, failure: 'timeout' });
    expect(hung.run.exit).toBeNull();

    const [crash, next] = [asks('/crash', 0), asks('/clock', 1)];
    const crashed = await run([], [{ exchange: crash }, { exchange: next }]);
    expect(crashed.responses.get(crash.id)).toMatchObject({ response: null, failure: 'closed' });
    expect(crashed.responses.has(next.id)).toBe(false);
    expect(crashed.run.exit).toMatchObject({ code: 1, signal: null });
    expect(crashed.errors.map(({ message }) => message)).toEqual(['the end']);
  });

  it('finds the error behind 100 MB of output, and keeps little of it', async () => {
    const flood = asks('/flood');
    const observed = await run([], [{ exchange: flood }], { plan: { lingerMs: 100 } });
    expect(observed.errors.map(({ message }) => message)).toEqual(['behind a flood']);
    expect(observed.run.output.length).toBeLessThan(100);
  });

  it('waits for the calls that came after the answer', async () => {
    const [late, next] = [asks('/late', 0), asks('/clock', 1_000)];
    const write = call('/late', 'ok', { method: 'POST', startedAt: late.endedAt! + 20 * MS });
    const observed = await run([write], [{ exchange: late }, { exchange: next }], {
      slice: { callsOf: { [late.id]: [write.id] } },
    });
    expect(observed.run.result.calls).toMatchObject([{ match: 'exact', during: late.id }]);
  });

  it('reproduces an overlap with the recorded schedule, and not without', async () => {
    const [one, two] = [asks('/alone', 0), asks('/alone', 20)];
    const slow = [one, two].map((by) =>
      call('/slow', 'done', { startedAt: by.startedAt, endedAt: by.startedAt + 300 * MS }),
    );
    const part = { slice: { callsOf: { [one.id]: [slow[0]!.id], [two.id]: [slow[1]!.id] } } };
    const asked = [{ exchange: one }, { exchange: two }];
    const apart = await run(slow, asked, part);
    expect(apart.errors).toEqual([]);
    const together = await run(slow, asked, { ...part, plan: { schedule: 'recorded' } });
    expect(together.errors.map(({ message }) => message)).toEqual(['two at once']);
  });

  it('runs beside another without either seeing the other', async () => {
    const runs = await Promise.all(
      ['a', 'b'].map(async (text) => {
        const ask = asks('/ask?path=/mine');
        const answer = call('/mine', text);
        return said(
          await run([answer], [{ exchange: ask }], { slice: { callsOf: { [ask.id]: [answer.id] } } }),
          ask,
        );
      }),
    );
    expect(runs).toMatchObject([{ text: 'a' }, { text: 'b' }]);
  });

  describe('that is cut short', () => {
    const cgroups: string[] = [];
    /** Tells the process id of the worker, and which control groups were made. */
    const watched = (): Sandbox => ({
      ...local,
      async prepare(spec) {
        const prepared = await local.prepare(spec);
        cgroups.push(prepared.cgroupPath);
        const pidFile = join(folder, 'worker.pid');
        return {
          ...prepared,
          enterNetwork: (argv) => [
            'sh',
            '-c',
            'echo $$ > "$0"; exec "$@"',
            pidFile,
            ...prepared.enterNetwork(argv),
          ],
        };
      },
    });
    const onceHanging = (work: () => Promise<void> | void): ((line: OutputLine) => void) => {
      return ({ text }) => {
        if (text === 'hanging') void work();
      };
    };
    const leftBehind = async (): Promise<string[]> => [
      ...cgroups.filter((path) => existsSync(path)),
      ...(await readdir(tmpdir())).filter((name) => name.startsWith(`vouch-${process.pid}-replay-`)),
    ];

    it('by the death of the worker says so, and leaves nothing behind', async () => {
      const kill = onceHanging(async () => {
        process.kill(Number(await readFile(join(folder, 'worker.pid'), 'utf8')), 'SIGKILL');
      });
      await expect(
        run([], [{ exchange: asks('/hang') }], { sandbox: watched(), onOutput: kill }),
      ).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('replay worker: ended with SIGKILL') as string,
      });
      expect(await leftBehind()).toEqual([]);
    });

    it('by whoever asked for it throws his reason, and leaves nothing behind', async () => {
      const enough = new AbortController();
      const reason = new Error('enough');
      const abort = onceHanging(() => enough.abort(reason));
      const options = { sandbox: watched(), signal: enough.signal, onOutput: abort };
      await expect(run([], [{ exchange: asks('/hang') }], options)).rejects.toBe(reason);
      await expect(run([], [{ exchange: asks('/hang') }], options)).rejects.toBe(reason);
      expect(await leftBehind()).toEqual([]);
    });
  });
});
