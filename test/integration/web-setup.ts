import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext } from 'playwright-core';
import { recordOccurrence, saveSlice } from '../../src/incident/store.ts';
import type { ErrorEvent } from '../../src/incident/model.ts';
import { createProposal, setPullRequest, setVerdict } from '../../src/proposal/proposals.ts';
import type { Exchange } from '../../src/protocol/port.ts';
import type { Call } from '../../src/replay/plan.ts';
import { PAGES } from '../../src/server/pages.ts';
import { openStore } from '../../src/store/store.ts';
import { saveTrace } from '../../src/trace/store.ts';
import { GATES, type Evidence, type GateResult } from '../../src/verify/evidence.ts';
import { exchange, inbound, slice } from '../fixtures/recordings.ts';
import { finish } from './server-setup.ts';

export const CHROMIUM = '/usr/bin/chromium';
const WEB = fileURLToPath(new URL('../../web', import.meta.url));
const BUILD = fileURLToPath(new URL('../../scripts/build-web.ts', import.meta.url));

/** Would run, or be an element, if any page took recorded text for anything but text. */
export const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
/** Wider than any screen, with nothing to break at. */
const LONG = `/${'x'.repeat(300)}`;

/** Builds the pages where they are older than their source. */
export async function buildPages(): Promise<void> {
  const index = join(PAGES, 'index.html');
  const built = existsSync(index) ? (await stat(index)).mtimeMs : 0;
  const sources = await readdir(WEB, { recursive: true, withFileTypes: true });
  const times = await Promise.all(
    sources
      .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(PAGES))
      .map((entry) => stat(join(entry.parentPath, entry.name))),
  );
  if (times.every(({ mtimeMs }) => mtimeMs < built)) return;
  const { code, err } = await finish([process.execPath, BUILD]);
  if (code !== 0) throw new Error(`the pages were not built: ${err}`);
}

export interface Browser {
  context: BrowserContext;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'vouch-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

export interface Seeded {
  incident: string;
  recording: string;
  /** Verified, rejected, inconclusive with alternatives. */
  proposals: { verified: string; rejected: string; choice: string };
  trace: string;
}

/** A data folder with one incident and all that hangs on it; its texts are hostile wherever apps can put text. */
export async function seed(data: string): Promise<Seeded> {
  const store = await openStore(data);
  try {
    const { exchanges, failing, calls, startup, at } = recorded();
    const error: ErrorEvent = {
      detector: 'stack',
      type: 'TypeError',
      message: `no ${HOSTILE}`,
      frames: [
        { function: 'handle', file: `src${LONG}.js`, line: 7, column: 3, inApp: true },
        { function: HOSTILE, file: 'node:internal/process', line: 1, column: 1, inApp: false },
      ],
      causes: [],
      at: at + 40_000,
      raw: `TypeError: no ${HOSTILE}`,
      fingerprint: '1.abc',
    };
    const { incident, occurrence } = await recordOccurrence(store, {
      app: 'shop',
      release: 'rel_1',
      deployment: 'dep_1',
      error,
      title: `TypeError: no ${HOSTILE}`,
      culprit: `handle (src${LONG}.js)`,
    });
    await recordOccurrence(store, {
      app: 'shop',
      release: 'rel_1',
      deployment: 'dep_1',
      error: { ...error, type: 'RangeError', fingerprint: '1.def', at: at - 1_000_000 },
      title: 'RangeError: another one',
      culprit: 'other (src/other.js)',
    });
    const kept = slice(exchanges, {
      app: 'shop',
      failing: failing.id,
      confidence: 0.74,
      confidenceWhy: ['it was answered 500', HOSTILE],
      callsOf: { [failing.id]: calls.map(({ id }) => id) },
      startup: startup.map(({ id }) => id),
    });
    const { id: recording } = await saveSlice(store, kept, JSON.stringify(kept), occurrence.id);
    const trace = 'trc_0000000000000001';
    await saveTrace(store, {
      id: trace,
      run: 'run_1',
      desk: 'fix',
      engine: 'llm',
      operation: 'chat',
      provider: 'local',
      model: 'tiny',
      prompt: `Mend this: ${HOSTILE}`,
      answer: `Sure: ${HOSTILE}`,
      tokens: { input: 1200, cachedInput: 200, output: 80 },
      costUsd: 0.0123,
      prices: '2026-01',
      startedAt: Date.now(),
      seconds: 1.5,
      error: null,
      outcome: 'one candidate',
      repairs: { 'hunk-counts': 1 },
    });
    const propose = async (title: string, evidence: Evidence): Promise<string> => {
      const { id } = await createProposal(store, {
        desk: 'fix',
        subject: incident.id,
        app: 'shop',
        engine: 'llm',
        title,
        why: `because ${HOSTILE}`,
        kind: 'root-cause',
        patch: PATCH,
        trace,
      });
      await setVerdict(store, id, evidence);
      return id;
    };
    const verified = await propose('Check the coupon', evidenceOf('verified', []));
    await setPullRequest(store, verified, {
      branch: 'vouch/fix-1',
      url: 'javascript:window.hacked=1',
      ref: '1',
      commit: 'c'.repeat(40),
    });
    const rejected = await propose(
      'Swallow the error',
      evidenceOf('rejected', [gate('error gone', 'rejected', `still ${HOSTILE}`)]),
    );
    const choice = await propose('Answer 400', {
      ...evidenceOf('inconclusive', [gate('determined', 'inconclusive', 'others answer otherwise')]),
      alternatives: [
        {
          proposal: verified,
          answer: { status: 404, body: { error: HOSTILE } },
          writes: [],
          why: 'a sibling',
        },
        { proposal: rejected, answer: { status: 200, body: null }, writes: [{ sql: LONG }], why: HOSTILE },
      ],
    });
    return { incident: incident.id, recording, proposals: { verified, rejected, choice }, trace };
  } finally {
    await store.close();
  }
}

function recorded(): {
  exchanges: Exchange[];
  failing: Exchange;
  calls: Exchange[];
  startup: Exchange[];
  at: number;
} {
  const at = (Date.now() - 60_000) * 1000;
  const startup = [
    exchange({
      protocol: 'postgres',
      startedAt: at - 5_000_000,
      request: { kind: 'simple', sql: 'SELECT version()', params: [] },
      response: { columns: [{ name: 'version' }], rows: [['15']], tag: 'SELECT 1', error: null },
      summary: 'SELECT version()',
    }),
  ];
  const neighbour = inbound('GET', '/products', 200, { ok: true }, { startedAt: at - 100_000 });
  const failing = inbound(
    'POST',
    `/checkout${LONG}`,
    500,
    { error: HOSTILE },
    {
      startedAt: at,
      endedAt: at + 42_000,
      sent: { coupon: HOSTILE },
      summary: `POST /checkout${LONG}`,
    },
  );
  const calls = [
    exchange({
      protocol: 'postgres',
      startedAt: at + 3000,
      endedAt: at + 9000,
      request: { kind: 'extended', sql: `SELECT '${HOSTILE}'`, params: [HOSTILE] },
      response: { columns: [{ name: HOSTILE }], rows: [[HOSTILE], [null]], tag: 'SELECT 2', error: null },
      summary: `SELECT '${HOSTILE}'`,
    }),
    exchange({
      protocol: 'strange',
      startedAt: at + 12_000,
      endedAt: null,
      request: { anything: HOSTILE },
      summary: 'something strange',
    }),
  ];
  return { exchanges: [...startup, neighbour, failing, ...calls], failing, calls, startup, at };
}

const PATCH = `diff --git a/src/a.js b/src/a.js
--- a/src/a.js
+++ b/src/a.js
@@ -4,3 +4,4 @@
 const coupon = find();
-use(coupon.percent); // ${HOSTILE}
+if (!coupon) return res.status(404).json({ error: 'coupon not found', long: '${LONG}' });
+use(coupon.percent);
 done();
`;

function gate(name: GateResult['gate'], otherwise: GateResult['otherwise'], detail: string): GateResult {
  return { gate: name, holds: otherwise === null, otherwise, detail };
}

/** Gates after the first that rejects were not looked at. */
function evidenceOf(verdict: Evidence['verdict'], failing: GateResult[]): Evidence {
  const stop = failing.find(({ otherwise }) => otherwise === 'rejected');
  const names = stop ? GATES.slice(0, GATES.indexOf(stop.gate) + 1) : GATES;
  const call = (match: Call['match'], nearest: Call['nearest']): Evidence['calls'][number] => ({
    during: 'c.1',
    protocol: 'postgres',
    destination: '10.0.0.1:5432',
    summary: `INSERT '${HOSTILE}'`,
    assumptions: [],
    unknown: null,
    request: { sql: HOSTILE },
    canonical: { sql: match },
    writes: true,
    match,
    exchange: null,
    nearest,
    at: 1,
    run: 'the failing request',
  });
  return {
    version: 1,
    verdict,
    reasons: failing.map(({ gate: name, detail }) => `${name}: ${detail}`),
    gates: names.map(
      (name) => failing.find((one) => one.gate === name) ?? gate(name, null, `${name} was looked at`),
    ),
    calls: [
      call('exact', null),
      call('none', {
        exchange: 'c.2',
        summary: 'INSERT …',
        differences: [{ path: 'params.1', before: 'SPRING', after: HOSTILE }],
      }),
    ],
    assumptions: [
      {
        call: `SELECT ${HOSTILE}`,
        standsOn: [{ what: `notes(id=${HOSTILE})`, seen: 'seen in SELECT … at 10:00:00.000 UTC' }],
      },
    ],
    alternatives: [],
    behaviour: null,
    before: { status: 500, headers: { 'x-a': '1' }, body: JSON.stringify({ error: HOSTILE, id: 1 }) },
    after: {
      status: 404,
      headers: { 'x-a': '2' },
      body: JSON.stringify({ error: 'coupon not found', id: 1 }),
    },
    errors: [],
    runs: [{ name: 'the failing request', seconds: 1.2, bootMs: 300, requests: 1, detail: '2 calls' }],
    clock: 'recorded',
    isolation: 'local',
    notChecked: ['the app has no type-check'],
    seconds: 3.4,
  };
}
