import { describe, expect, it } from 'vitest';
import { requestOf } from '../../web/src/api/routes.ts';
import { outcomeOf, readRequest, readResponse } from '../../web/src/exchange/read.ts';
import { lanesOf, timeScale } from '../../web/src/incidents/scale.ts';
import { safeLink } from '../../web/src/lib/safe-link.ts';
import { ago, took } from '../../web/src/lib/time.ts';
import { compareTexts } from '../../web/src/proposals/compare.ts';
import { diffFiles } from '../../web/src/proposals/diff-lines.ts';

describe('links', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', '//evil', 'x'])(
    'do not lead to %s',
    (url) => expect(safeLink(url)).toBeUndefined(),
  );
  it('lead to web addresses', () => expect(safeLink('http://a.test/b')).toBe('http://a.test/b'));
});

describe('requests', () => {
  it('carry what they are given, escaped', () => {
    const asked = requestOf('getIncident', { params: { incident: '../a b?' } });
    expect(asked).toEqual({ method: 'GET', path: '/api/incidents/..%2Fa%20b%3F', body: null });
    expect(requestOf('listIncidents', { query: { app: 'a&b', status: undefined } }).path).toBe(
      '/api/incidents?app=a%26b',
    );
  });
});

describe('recorded messages', () => {
  it('are read by protocol, and shown as they are where they have another form', () => {
    expect(
      readRequest('http1', { method: 'GET', target: '/a', headers: [['a', 'b']], body: null }),
    ).toMatchObject({
      line: 'GET /a',
      headers: [['a', 'b']],
      text: null,
    });
    expect(readRequest('http1', { nonsense: 1 }).text).toContain('"nonsense": 1');
    expect(readRequest('postgres', { sql: 'SELECT $1', params: ['a', null] })).toMatchObject({
      line: 'SELECT $1',
      text: '$1 = a\n$2 = NULL',
    });
    expect(readRequest('redis', { command: 'GET', args: ['k', { base64: 'AA==' }] }).line).toBe(
      'GET k {"base64":"AA=="}',
    );
  });

  it('have an outcome in a word', () => {
    const rows = (count: number): unknown => ({
      columns: [],
      rows: Array(count).fill([]),
      tag: '',
      error: null,
    });
    expect(outcomeOf('postgres', rows(1) as never)).toEqual({ word: '1 row', failed: false });
    expect(outcomeOf('postgres', { rows: [], error: { code: '23505', message: 'x' } })).toEqual({
      word: 'error 23505',
      failed: true,
    });
    expect(outcomeOf('postgres', { rows: [], columns: null, tag: 'INSERT 0 1', error: null }).word).toBe(
      'INSERT 0 1',
    );
    expect(outcomeOf('http1', { status: 503 })).toEqual({ word: '503', failed: true });
    expect(outcomeOf('redis', { reply: { error: 'ERR' } }).failed).toBe(true);
    expect(outcomeOf('dns', { rcode: 'NXDOMAIN' })).toEqual({ word: 'NXDOMAIN', failed: true });
    expect(outcomeOf('anything', null)).toEqual({ word: 'no answer', failed: true });
  });

  it('are cut, not shown by the megabyte', () => {
    const { table } = readResponse('postgres', {
      columns: [{ name: 'a' }],
      rows: Array(500).fill(['x']),
      error: null,
    });
    expect(table).toMatchObject({ columns: ['a'], more: 480 });
    const { text } = readResponse('http1', {
      status: 200,
      headers: [],
      body: { text: 'x'.repeat(1_000_000) },
    });
    expect(text!.length).toBeLessThan(21_000);
  });
});

describe('diffs', () => {
  it('number their lines on both sides', () => {
    const [file] = diffFiles(
      'diff --git a/x.js b/x.js\n--- a/x.js\n+++ b/x.js\n@@ -9,2 +9,3 @@\n a\n-b\n+c\n+d\n\\ No newline at end of file\n',
    )!;
    expect(file!.name).toBe('x.js');
    expect(file!.hunks[0]!.lines.map(({ kind, before, after, text }) => [kind, before, after, text])).toEqual(
      [
        ['same', 9, 9, 'a'],
        ['removed', 10, null, 'b'],
        ['added', null, 10, 'c'],
        ['added', null, 11, 'd'],
        ['note', null, null, 'No newline at end of file'],
      ],
    );
  });

  it('name new and deleted files, and are text where they are no diff', () => {
    const names = diffFiles(
      '--- /dev/null\n+++ b/new.js\n@@ -0,0 +1 @@\n+a\n--- a/old.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n',
    )!.map(({ name }) => name);
    expect(names).toEqual(['new.js (new)', 'old.js (deleted)']);
    expect(diffFiles('hello')).toBeNull();
    expect(diffFiles('--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n broken')).toBeNull();
  });
});

describe('answers side by side', () => {
  it('pair the lines that changed and mark the words', () => {
    const rows = compareTexts('{\n  "a": 1,\n  "b": 2\n}', '{\n  "a": 3,\n  "b": 2,\n  "c": 4\n}')!;
    const side = (which: 'before' | 'after'): (string | undefined)[] =>
      rows.map((row) => row[which]?.map(({ text, differs }) => (differs ? `[${text}]` : text)).join(''));
    expect(side('before')).toEqual(['{', '  "a": [1],', '  "b": 2', undefined, '}']);
    expect(side('after')).toEqual(['{', '  "a": [3],', '  "b": 2[,]', '[  "c": 4]', '}']);
  });

  it('are not compared when that would hold up the page', () => {
    expect(compareTexts('a'.repeat(100_000), 'b')).toBeNull();
  });
});

describe('the timeline', () => {
  it('places times between its ends, with round ticks counted from the request', () => {
    const scale = timeScale({ from: 1000, to: 101_000, zero: 1000 }, 10, 500);
    expect(scale.place(1000)).toBe(10);
    expect(scale.place(51_000)).toBe(260);
    expect(scale.place(1e9)).toBe(510);
    expect(scale.ticks.map(({ label }) => label)).toEqual([
      '0',
      '20 ms',
      '40 ms',
      '60 ms',
      '80 ms',
      '100 ms',
    ]);
  });

  it('bears a moment without length, and a line without room', () => {
    expect(timeScale({ from: 5, to: 5, zero: 5 }, 0, 10).place(5)).toBe(0);
    expect(timeScale({ from: 0, to: 10, zero: 0 }, 0, 0).ticks.length).toBeLessThan(20);
  });

  it('puts what overlaps into lanes, at most so many', () => {
    const spans = [
      [0, 10],
      [1, 5],
      [6, 9],
      [2, 3],
    ] as const;
    expect(lanesOf(spans, (span) => span, 6).map(({ lane }) => lane)).toEqual([0, 1, 1, 2]);
    expect(lanesOf(spans, (span) => span, 2).map(({ lane }) => lane)).toEqual([0, 1, 1, 1]);
  });
});

describe('times', () => {
  it('are said in units that fit', () => {
    expect(ago(0, 400)).toBe('just now');
    expect(ago(0, 65_000)).toBe('1 min. ago');
    expect(ago(0, 49 * 3_600_000)).toBe('2 days ago');
    expect([0.34, 12.3, 1234, 65_000].map(took)).toEqual(['0.3 ms', '12 ms', '1.23 s', '1 min']);
  });
});
