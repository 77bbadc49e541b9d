import { expect, test } from 'vitest';
import type { ErrorEvent, Incident } from '../../incident/model.ts';
import type { Proposal } from '../../proposal/model.ts';
import type { Evidence } from '../../verify/evidence.ts';
import { pullRequestText } from './pull-request.ts';

const EVIL =
  '![x](http://evil.example/p.png) <img src=x> @admin fixes #1 owner/repo#2 `a` | b www.evil.example deadbeef1 \u202e';

const proposal: Proposal = {
  id: 'prp_1',
  desk: 'fix',
  subject: 'inc_1',
  app: 'shop',
  engine: 'llm',
  title: 'Answer 404 for an unknown order',
  why: EVIL,
  kind: 'root-cause',
  patch: '',
  verdict: 'verified',
  evidence: 'evd_1',
  trace: null,
  pullRequest: null,
  createdAt: 0,
};

const incident: Incident = {
  id: 'inc_1',
  app: 'shop',
  fingerprint: 'f',
  title: 't',
  type: 'TypeError',
  message: 'm',
  culprit: null,
  status: 'open',
  occurrences: 3,
  firstSeen: 0,
  lastSeen: 0,
  release: 'rel_1',
};

const error: ErrorEvent = {
  detector: 'stack',
  type: 'TypeError',
  message: `bad ${EVIL}\n\`\`\`\n# pwned`,
  frames: [
    { function: 'show', file: 'src/app.js', line: 8, column: 3, inApp: true },
    { function: 'next', file: 'node_modules/express/x.js', line: 1, column: 1, inApp: false },
  ],
  causes: [{ type: 'Error', message: '```\nhidden', frames: [] }],
  at: 0,
  raw: '',
  fingerprint: 'f',
};

const evidence: Evidence = {
  version: 1,
  verdict: 'verified',
  reasons: [],
  gates: [
    { gate: 'reproduced', holds: true, otherwise: null, detail: '2 of 2' },
    { gate: 'meaning', holds: false, otherwise: 'inconclusive', detail: `unlike | ${EVIL}` },
  ],
  calls: Array.from({ length: 3 }, (_, i) => ({
    run: 'failing',
    during: 'c.0',
    protocol: 'postgres',
    destination: 'db:5432',
    summary: `SELECT * FROM orders WHERE email = 'jane@example.com' ${i === 2 ? EVIL : ''}`,
    request: {},
    canonical: {},
    writes: false,
    match: 'exact' as const,
    exchange: 'c.1',
    assumptions: [],
    unknown: null,
    nearest: null,
    at: 0,
  })),
  assumptions: [
    {
      call: 'INSERT INTO transfers …',
      standsOn: [{ what: 'accounts(id=7)', seen: `seen in ${EVIL} at 10:00` }],
    },
  ],
  alternatives: [{ proposal: 'prp_2', answer: { status: 200, body: { total: 0 } }, writes: [], why: EVIL }],
  behaviour: null,
  before: { status: 500, headers: {}, body: '{"error":"x"}' },
  after: { status: 404, headers: {}, body: '```\n</details>{"token":"abcdefgh"}' },
  errors: [],
  runs: [{ name: 'failing', seconds: 1, bootMs: 1, requests: 4, detail: '' }],
  clock: 'recorded',
  isolation: 'local',
  notChecked: ['types: the app has none'],
  seconds: 1.9,
};

test('the text says cause, proof, what is not proved, both answers, calls, assumptions and how to undo', () => {
  const { title, body } = pullRequestText({ proposal, evidence, incident, error });
  expect(title).toBe('Answer 404 for an unknown order');
  for (const part of [
    'Seen 3 times',
    'at show (src/app.js:8:3)',
    '| ✅ | reproduced | 2 of 2 |',
    '**Before**: status 500',
    '**After**: status 404',
    'vouch rollback shop',
    '## Assumptions',
    '| exact | postgres |',
    '×2 |',
    'not checked: types',
  ])
    expect(body).toContain(part);
  expect(body).not.toContain('node_modules');
});

test('nothing from outside acts as Markdown, HTML, a link, a mention or a reference', () => {
  const { body } = pullRequestText({ proposal, evidence, incident, error });
  const prose = body.replace(/^(`{3,})text\n[^]*?^\1$/gm, '').replace(/`[^`\n]*`/g, '');
  expect(prose).not.toMatch(/!\[|\]\(|<img|https?:\/\/|@admin|www\.evil|[^\\]#\d|fixes |deadbeef1|\u202e/);
  expect(prose.match(/^#+ .*/gm)).toEqual([
    '## Cause',
    '## What was proved',
    '## What was not proved',
    "## The failing request's answer",
    '## Outgoing calls, and what answered them',
    '## Assumptions',
    '## A choice for you',
    '## How to undo',
  ]);
  for (const row of prose.split('\n').filter((line) => line.startsWith('| ✅') || line.startsWith('| ❔')))
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(5);
});

test('secrets and personal data are left out', () => {
  const { body } = pullRequestText({ proposal, evidence, incident, error });
  expect(body).not.toContain('jane@example.com');
  expect(body).not.toContain('abcdefgh');
});

test('a body stays within what forges take', () => {
  const long = { ...evidence, notChecked: Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(5000)}`) };
  expect(pullRequestText({ proposal, evidence: long, incident, error }).body.length).toBeLessThan(61_000);
});
