import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDetector } from '../../src/incident/detect.ts';
import type { ErrorEvent } from '../../src/incident/model.ts';
import { lineSplitter } from '../../src/lib/lines.ts';
import { exchangesOf, type RecordedExchanges } from '../../src/record/exchanges.ts';
import { sliceSchema, type Slice } from '../../src/record/model.ts';
import { cutSlice } from '../../src/record/slice.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD, Stage } from './record-setup.ts';

/** Asks the rates service, multiplies; fails on a currency that the service does not know. */
const APP = `
import { createServer } from 'node:http';
const [base, dead] = process.argv.slice(2);
await fetch(base + '/start').then((answer) => answer.text());
await fetch(dead).catch(() => {});
async function convert(url) {
  const [, amount, currency] = url.split('/');
  const rates = await fetch(base + '/rates/' + currency).then((answer) => answer.json());
  return { total: Number(amount) * rates.rate.value };
}
const server = createServer((req, res) => {
  if (req.url === '/die') setImmediate(() => { throw new RangeError('enough'); });
  else convert(req.url).then((body) => res.end(JSON.stringify(body)), (error) => {
    console.error(error);
    res.writeHead(500);
    res.end('{"error":"internal"}');
  });
});
server.listen(0, '127.0.0.1', () => console.log('READY ' + server.address().port));
`;

needs(CANNOT_RECORD === '', CANNOT_RECORD)('an error of a recorded app', () => {
  let stage: Stage;
  let rates: Server;
  let dir: string;
  /** Held until as many are waiting, so that requests really overlap. */
  let together = 1;
  let port: number;

  beforeEach(async () => {
    together = 1;
    const held: (() => void)[] = [];
    rates = createServer((request, response) => {
      const currency = request.url!.split('/').at(-1)!;
      held.push(() =>
        response.end(JSON.stringify({ rate: currency === 'XXX' ? null : { value: currency.length } })),
      );
      if (request.url === '/start' || held.length >= together) for (const answer of held.splice(0)) answer();
    });
    rates.listen(0, '127.0.0.1');
    await once(rates, 'listening');
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const dead = (unused.address() as AddressInfo).port;
    unused.close();
    dir = await mkdtemp(join(tmpdir(), 'vouch-incident-'));
    await writeFile(join(dir, 'app.mjs'), APP);
    stage = await Stage.open();
    await stage.tap();
    const base = `http://127.0.0.1:${(rates.address() as AddressInfo).port}`;
    const app = await stage.run([
      'sh',
      '-c',
      'exec "$0" "$@" 2>&1',
      process.execPath,
      join(dir, 'app.mjs'),
      base,
      `http://127.0.0.1:${dead}/`,
    ]);
    port = Number((await app.says('READY'))[0]);
  });
  afterEach(async () => {
    await stage.finish();
    rates.closeAllConnections();
    rates.close();
    await rm(dir, { recursive: true });
  });

  const ask = async (path: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    await answer.text();
    return answer.status;
  };

  async function recorded(): Promise<{ recording: RecordedExchanges; errors: ErrorEvent[] }> {
    await stage.started.agent.flush(stage.cgroup.id);
    const recording = await exchangesOf(stage.folder);
    const detector = createDetector({ appRoot: dir });
    const errors: ErrorEvent[] = [];
    let at = 0;
    const split = lineSplitter((line) => errors.push(...detector.line('stdout', line, at)));
    for (const chunk of recording.stdio) {
      at = chunk.at;
      split.push(chunk.bytes);
    }
    split.end();
    return { recording, errors: [...errors, ...detector.flush(at)] };
  }

  function cut(recording: RecordedExchanges, error: ErrorEvent): Slice {
    const { at, detector, message } = error;
    const slice = cutSlice({
      app: 'a',
      release: 'r',
      deployment: 'd',
      recording,
      error: { at, detector, message },
    });
    return sliceSchema.parse(slice);
  }

  const summaries = (slice: Slice, ids: readonly string[]): string[] =>
    ids.map((id) => slice.exchanges.find((one) => one.id === id)!.summary);

  it('is tied to its request and to what that asked, among requests before and after', async () => {
    for (const path of ['/2/EUR', '/3/USDT', '/4/XXX', '/5/EUR']) await ask(path);
    const { recording, errors } = await recorded();
    expect(recording.damage).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.type).toBe('TypeError');
    expect(errors[0]!.frames[0]).toMatchObject({ function: 'convert', file: 'app.mjs', inApp: true });
    const slice = cut(recording, errors[0]!);
    const failing = slice.exchanges.find(({ id }) => id === slice.failing)!;
    expect(failing).toMatchObject({ summary: 'GET /4/XXX', response: { status: 500 }, complete: true });
    expect(summaries(slice, slice.callsOf[slice.failing!]!)).toEqual(['GET /rates/XXX']);
    expect(slice.confidence).toBeGreaterThan(0.9);
    expect(summaries(slice, slice.startup)).toEqual(['GET /start']);
    expect(slice.exchanges.filter(({ direction }) => direction === 'inbound')).toHaveLength(4);
    expect(slice.lostBytes).toBe(0);
    expect(slice.refused).toHaveLength(1);
    for (const one of slice.exchanges) expect(one.incomplete).toBeNull();
  });

  it('is told from requests that overlap it by the values that they carry', async () => {
    together = 3;
    const statuses = await Promise.all([ask('/2/EUR'), ask('/3/XXX'), ask('/4/CHFRANC')]);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 500]);
    const { recording, errors } = await recorded();
    const slice = cut(recording, errors[0]!);
    expect(summaries(slice, [slice.failing!])).toEqual(['GET /3/XXX']);
    expect(slice.shared).toEqual([]);
    for (const [id, calls] of Object.entries(slice.callsOf)) {
      const currency = summaries(slice, [id])[0]!.split('/').at(-1);
      expect(summaries(slice, calls)).toEqual([`GET /rates/${currency}`]);
    }
  });

  it('is tied to the request that was never answered when the process died', async () => {
    await ask('/2/EUR');
    await expect(ask('/die')).rejects.toThrow();
    const { recording, errors } = await recorded();
    expect(errors).toMatchObject([{ detector: 'crash', type: 'RangeError', message: 'enough' }]);
    const slice = cut(recording, errors[0]!);
    expect(slice.exchanges.find(({ id }) => id === slice.failing)).toMatchObject({
      summary: 'GET /die',
      response: null,
    });
  });
});
