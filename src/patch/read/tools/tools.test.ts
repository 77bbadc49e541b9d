import { describe, expect, it } from 'vitest';
import { patchFromAnswer } from '../../from-answer.ts';
import type { Tree } from '../../tree.ts';
import { readTool } from './registry.ts';

/** What becomes of files under /app; names of files that changed, or the refusals. */
async function fixed(output: unknown, files: Record<string, string>): Promise<unknown> {
  const tree: Tree = {
    folder: '/app',
    read: async (path) => ({
      file: files[path] === undefined ? null : { text: files[path], mode: '100644' },
    }),
    files: async () => Object.keys(files),
  };
  const answer = typeof output === 'string' ? output : JSON.stringify(output);
  const patched = await patchFromAnswer(tree, answer, { git: false });
  if (patched.outcome === 'reject') return `refused: ${patched.refusals.join('\n')}`;
  return Object.fromEntries(patched.changes.map((change) => [change.path, change.after?.text ?? null]));
}

const LINE = '\tlet é = "😀"; let b = 1;';
const AT = LINE.indexOf('let b');
const COUNTS = {
  utf16: AT,
  points: Array.from(LINE.slice(0, AT)).length,
  bytes: Buffer.byteLength(LINE.slice(0, AT)),
};
const texts = (): [string, string, string][] =>
  [
    ['LF', '\n', ''],
    ['CR LF', '\r\n', ''],
    ['a byte order mark', '\n', '\ufeff'],
    ['both', '\r\n', '\ufeff'],
  ].map(([name, eol, mark]) => {
    const text = `${mark}${LINE}${eol}// ééééé 😀😀😀${eol}${LINE}${eol}`;
    const at = text.lastIndexOf('let b');
    return [name!, text, `${text.slice(0, at)}const${text.slice(at + 3)}`];
  });
const without = (text: string): string => text.replace(/^\ufeff/, '');

describe('ESLint', () => {
  const finding = (range: [number, number], text: string, ruleId = 'prefer-const'): object => ({
    ruleId,
    severity: 2,
    message: "'b' is never reassigned. Use 'const' instead.",
    line: 3,
    column: 20,
    nodeType: 'Identifier',
    messageId: 'useConst',
    endLine: 3,
    endColumn: 21,
    fix: { range, text },
  });
  const of = (messages: object[], more: object = {}): object[] => [
    {
      filePath: '/app/src/a.js',
      messages,
      suppressedMessages: [],
      errorCount: messages.length,
      warningCount: 0,
      usedDeprecatedRules: [],
      ...more,
    },
  ];

  it.each(texts())('counts UTF-16 code units: %s', async (_, text, after) => {
    const at = without(text).lastIndexOf('let b');
    const output = of([finding([at, at + 3], 'const')], { source: text });
    expect(await fixed(output, { 'src/a.js': text })).toEqual({ 'src/a.js': after });
  });

  it('takes the byte order mark away, and gives what it made of a file', async () => {
    const files = { 'src/a.js': '\ufeffa();\n' };
    expect(await fixed(of([finding([-1, 0], '', 'unicode-bom')]), files)).toEqual({ 'src/a.js': 'a();\n' });
    expect(await fixed(of([], { output: 'b();\n' }), { 'src/a.js': 'a();\n' })).toEqual({
      'src/a.js': 'b();\n',
    });
  });

  it.each([
    [
      'no fix',
      of([{ ruleId: 'no-eval', line: 1, suggestions: [{ fix: { range: [0, 1], text: '' } }] }]),
      'fix',
    ],
    ['another file', of([finding([0, 1], 'x')], { source: 'other();\n' }), 'not the file that the tool saw'],
    ['behind the end', of([finding([3, 90], 'x')]), 'not in the file'],
    ['in a letter', of([finding([4, 5], 'x')]), 'not in the file'],
    [
      'not as printed',
      of([{ ...finding([0, 1], ''), fix: { range: [0], text: '' } }]),
      'not as it prints it',
    ],
  ])('refuses: %s', async (_, output, reason) => {
    expect(await fixed(output, { 'src/a.js': 'a("😀");\n' })).toContain(reason);
  });
});

describe('Ruff', () => {
  const place = (row: number, column: number): object => ({ row, column });
  const finding = (fix: object | null, more: object = {}): object => ({
    cell: null,
    code: 'F401',
    end_location: place(1, 10),
    filename: '/elsewhere/app/src/a.py',
    fix,
    location: place(1, 8),
    message: '`os` imported but unused',
    noqa_row: 1,
    url: 'https://docs.astral.sh/ruff/rules/unused-import',
    ...more,
  });
  const fix = (from: object, to: object, content = '', applicability = 'safe'): object => ({
    applicability,
    edits: [{ content, end_location: to, location: from }],
    message: 'Remove unused import: `os`',
  });
  const FILE = 'import os\nx = 1\n';

  it.each(texts())('counts code points: %s', async (_, text, after) => {
    const [from, to] = [place(3, COUNTS.points + 1), place(3, COUNTS.points + 4)];
    const output = [finding(fix(from, to, 'const'), { filename: '/app/a.txt' })];
    expect(await fixed(output, { 'a.txt': text })).toEqual({ 'a.txt': after });
  });

  it('ends behind the last line, ends lines at a carriage return, prints lines', async () => {
    const first = finding(fix(place(1, 1), place(2, 1)));
    const last = finding(fix(place(2, 1), place(3, 1)));
    expect(await fixed([last], { 'src/a.py': FILE })).toEqual({ 'src/a.py': 'import os\n' });
    expect(await fixed([last], { 'src/a.py': FILE.trimEnd() })).toEqual({ 'src/a.py': 'import os\n' });
    expect(await fixed([first], { 'src/a.py': '#\rx = 1\n' })).toEqual({ 'src/a.py': 'x = 1\n' });
    const none = JSON.stringify(finding(null, { code: null, filename: null, location: null }));
    const lines = `${JSON.stringify(first)}\n${none}\n`;
    expect(await fixed(lines, { 'src/a.py': FILE })).toEqual({ 'src/a.py': 'x = 1\n' });
  });

  it('leaves out what is not safe, and says so', () => {
    const safe = finding(fix(place(1, 1), place(2, 1)));
    const unsafe = finding(fix(place(2, 1), place(3, 1), '', 'unsafe'), {
      code: 'F841',
      location: place(2, 1),
    });
    const read = readTool([unsafe, safe])!;
    expect(read.problems).toEqual([]);
    expect(read.files[0]!.repairs).toEqual([
      { fault: 'left-out', text: 'left out Ruff F841 at line 2: its fix is marked unsafe' },
    ]);
    expect(readTool([unsafe])!.problems[0]).toContain('Ruff F841 at line 2');
  });

  it.each([
    ['a notebook', [finding(fix(place(1, 1), place(2, 1)), { cell: 2 })], 'notebook'],
    ['no fix', [finding(null)], 'no finding carries a fix'],
    ['columns from 0', [finding(fix(place(1, 0), place(1, 3)))], 'not in the file'],
    ['behind the line', [finding(fix(place(1, 1), place(1, 40)))], 'not in the file'],
    ['not as printed', [finding({ applicability: 'safe', edits: [{}] })], 'not as it prints it'],
  ])('refuses: %s', async (_, output, reason) => {
    expect(await fixed(output, { 'src/a.py': FILE })).toContain(reason);
  });
});

describe('Semgrep', () => {
  type Counted = { line: number; col: number; offset: number };
  const of = (start: Counted, end: Counted, lines: string, more: object = {}): object => ({
    version: '1.90.0',
    results: [
      {
        check_id: 'rules.prefer-const',
        path: 'src/a.js',
        start,
        end,
        extra: {
          message: 'm',
          metadata: {},
          severity: 'INFO',
          fix: 'const',
          lines,
          is_ignored: false,
          ...more,
        },
      },
    ],
    errors: [],
    paths: { scanned: ['src/a.js'] },
  });
  const count = (text: string, unit: keyof typeof COUNTS): number =>
    ({ utf16: text.length, points: Array.from(text).length, bytes: Buffer.byteLength(text) })[unit];
  const at = (
    text: string,
    column: keyof typeof COUNTS,
    offset: keyof typeof COUNTS,
    first = 1,
  ): [Counted, Counted] => {
    const col = COUNTS[column] + first;
    const from = count(text.slice(0, text.lastIndexOf('let b')), offset);
    return [
      { line: 3, col, offset: from },
      { line: 3, col: col + 3, offset: from + 3 },
    ];
  };

  it.each(texts())('finds out what is counted: %s', async (_, text, after) => {
    const done = { 'src/a.js': after };
    const units = ['bytes', 'points', 'utf16'] as const;
    for (const [column, offset] of units.flatMap((one) => units.map((other) => [one, other] as const))) {
      const result = await fixed(of(...at(text, column, offset), LINE), { 'src/a.js': text });
      // With a byte order mark, counted or not, two counts may fit two places: no guess then.
      if (text !== without(text) && typeof result === 'string') expect(result).toContain('several ways');
      else expect(result).toEqual(done);
    }
    if (text === without(text))
      expect(await fixed(of(...at(text, 'bytes', 'bytes'), 'requires login'), { 'src/a.js': text })).toEqual(
        done,
      );
  });

  const FILE = texts()[0]![1];
  const [start, end] = at(FILE, 'points', 'points');
  it.each([
    ['no agreement', of({ ...start, offset: 2 }, { ...end, offset: 5 }, LINE), 'do not agree'],
    ['other lines', of(start, end, 'let c = 2;'), 'not those of the file'],
    ['several counts', of({ ...start, offset: 0 }, { ...end, offset: 0 }, LINE), 'several ways'],
    ['no such line', of({ ...start, line: 9 }, { ...end, line: 9 }, LINE), 'not in the file'],
    ['ignored', of(start, end, LINE, { is_ignored: true }), 'no finding carries a fix'],
    ['nothing found', { results: [], errors: [], paths: { scanned: [] } }, 'no finding carries a fix'],
  ])('refuses: %s', async (_, output, reason) => {
    expect(await fixed(output, { 'src/a.js': FILE })).toContain(reason);
  });

  it('columns from 0', async () => {
    const zero = of({ line: 1, col: 0, offset: 0 }, { line: 1, col: 3, offset: 3 }, 'let b = 1;');
    expect(await fixed(zero, { 'src/a.js': 'let b = 1;\n' })).toEqual({ 'src/a.js': 'const b = 1;\n' });
  });
});

describe('SARIF', () => {
  interface Run {
    run?: object;
    result?: object;
    location?: object;
    inserted?: object;
  }
  const of = (deletedRegion: object, { run, result, location, inserted }: Run = {}): object => ({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'lint', rules: [] } },
        results: [
          {
            ruleId: 'prefer-const',
            message: { text: 'm' },
            fixes: [
              {
                description: { text: 'd' },
                artifactChanges: [
                  {
                    artifactLocation: location ?? { uri: 'src/a.js', index: -1 },
                    replacements: [{ deletedRegion, insertedContent: inserted ?? { text: 'const' } }],
                  },
                ],
              },
            ],
            ...result,
          },
        ],
        ...run,
      },
    ],
  });
  const points = { run: { columnKind: 'unicodeCodePoints' } };
  const utf16 = { run: { columnKind: 'utf16CodeUnits' } };
  const columns = (from: number): object => ({ startLine: 3, startColumn: from + 1, endColumn: from + 4 });

  it.each(texts())('lines, characters and bytes: %s', async (_, text, after) => {
    const files = { 'src/a.js': text };
    const done = { 'src/a.js': after };
    const before = without(text).slice(0, without(text).lastIndexOf('let b'));
    const bytes = { byteOffset: Buffer.byteLength(text.slice(0, text.lastIndexOf('let b'))), byteLength: 3 };
    const chars = { charOffset: before.length, charLength: 3 };
    expect(await fixed(of(columns(COUNTS.utf16), utf16), files)).toEqual(done);
    expect(await fixed(of(columns(COUNTS.points), points), files)).toEqual(done);
    expect(await fixed(of(chars, utf16), files)).toEqual(done);
    expect(await fixed(of({ ...chars, charOffset: Array.from(before).length }, points), files)).toEqual(done);
    expect(await fixed(of(bytes), files)).toEqual(done);
    // What the run leaves open, the bytes tell.
    expect(await fixed(of({ ...columns(COUNTS.points), ...bytes }), files)).toEqual(done);
    expect(await fixed(of(columns(COUNTS.points)), files)).toContain('several ways');
    expect(await fixed(of({ ...columns(1), ...bytes }, utf16), files)).toContain('do not agree');
  });

  it.each([
    ['a line', { startLine: 2 }, 'a\r\nconst\r\nc\r\n'],
    ['lines', { startLine: 1, endLine: 2 }, 'const\r\nc\r\n'],
    ['with its line end', { startLine: 2, endLine: 3, endColumn: 1 }, 'a\r\nconstc\r\n'],
    ['an insertion', { charOffset: 3 }, 'a\r\nconstb\r\nc\r\n'],
    ['at the very end', { startLine: 3, startColumn: 4, endColumn: 4 }, 'a\r\nb\r\nc\r\nconst'],
    ['offsets that are not set', { startLine: 2, charOffset: -1, byteOffset: -1 }, 'a\r\nconst\r\nc\r\n'],
  ])('what a region leaves out: %s', async (_, at, after) => {
    const location = { uri: 'a.txt' };
    expect(await fixed(of(at, { location }), { 'a.txt': 'a\r\nb\r\nc\r\n' })).toEqual({ 'a.txt': after });
  });

  const FIRST = { startLine: 1, startColumn: 1, endColumn: 2 };
  it.each([
    ['escaped', { uri: 'a%20%C3%A9.txt' }, {}, 'a é.txt'],
    ['absolute', { uri: 'file:///app/lib/b.txt' }, {}, 'lib/b.txt'],
    ['of a runner', { uri: 'file:///home/runner/work/app/lib/b.txt' }, {}, 'lib/b.txt'],
    ['with a known base', { uri: 'b.txt', uriBaseId: 'LIB' }, {}, 'lib/b.txt'],
    ['with a base of the reader', { uri: 'b.txt', uriBaseId: '%SRCROOT%' }, {}, 'b.txt'],
    ['by its index', { index: 0 }, { artifacts: [{ location: { uri: 'b.txt' } }] }, 'b.txt'],
  ])('names of files: %s', async (_, location, run, path) => {
    const originalUriBaseIds = { LIB: { uri: 'lib/', uriBaseId: 'ROOT' }, ROOT: { uri: 'file:///app/' } };
    const files = { 'a é.txt': 'a\n', 'b.txt': 'a\n', 'lib/b.txt': 'a\n' };
    const output = of(FIRST, { location, run: { originalUriBaseIds, ...run } });
    expect(await fixed(output, files)).toEqual({ [path]: 'const\n' });
  });

  const one = { artifactChanges: [{ artifactLocation: { uri: 'src/a.js' }, replacements: [] }] };
  it.each([
    [
      'fixes to choose from',
      of(FIRST, { result: { fixes: [one, { artifactChanges: [] }] } }),
      'to be chosen',
    ],
    ['bytes to insert', of(FIRST, { inserted: { binary: 'AAAA' } }), 'given in bytes'],
    ['passed', of(FIRST, { result: { kind: 'pass' } }), 'no finding carries a fix'],
    ['gone since', of(FIRST, { result: { baselineState: 'absent' } }), 'no finding carries a fix'],
    ['of the web', of(FIRST, { location: { uri: 'https://x.org/src/a.js' } }), 'names no file'],
    ['outside', of({ startLine: 7 }), 'not in the file'],
    ['lines counted in another way', of({ startLine: 2, endColumn: 2 }), 'several ways'],
    ['not as printed', of({ startLine: 0 }), 'not as it prints it'],
  ])('refuses: %s', async (_, output, reason) => {
    expect(await fixed(output, { 'src/a.js': 'a(); // \u2028b\nc();\n' })).toContain(reason);
  });

  it('equal fixes count once; a run may say that it ends lines as JavaScript does', async () => {
    const base = of({ startLine: 1, endColumn: 4 }) as { runs: { results: { fixes: object[] }[] }[] };
    const [result] = base.runs[0]!.results;
    result!.fixes.push({ ...result!.fixes[0], description: { text: 'other words' } });
    expect(await fixed(base, { 'src/a.js': 'let b = 1;\n' })).toEqual({ 'src/a.js': 'const b = 1;\n' });
    const newlineSequences = ['\r\n', '\n', '\u2028', '\u2029', '\r'];
    const output = of({ startLine: 3, endColumn: 4 }, { run: { newlineSequences } });
    expect(await fixed(output, { 'src/a.js': '// \u2028\nlet a = 1;\n' })).toEqual({
      'src/a.js': '// \u2028\nconst a = 1;\n',
    });
  });
});

describe('any tool', () => {
  it('no more findings than anybody reads', () => {
    const finding = { filename: 'a.py', code: 'X', location: { row: 1, column: 1 }, fix: null };
    expect(readTool(Array.from({ length: 10_001 }, () => finding))!.problems).toEqual([
      'more than 10000 findings',
    ]);
  });

  it('finds places of a large file in little time', async () => {
    const text = `${'x = "é";\n'.repeat(20_000)}`;
    const findings = Array.from({ length: 5000 }, (_, i) => {
      const location = { row: i * 4 + 1, column: 1 };
      const edits = [{ content: 'y', location, end_location: { ...location, column: 2 } }];
      return {
        filename: '/app/a.txt',
        code: 'X',
        cell: null,
        location,
        fix: { applicability: 'safe', edits },
      };
    });
    const start = performance.now();
    const result = (await fixed(findings, { 'a.txt': text })) as Record<string, string>;
    expect(result['a.txt']!.match(/^y/gm)).toHaveLength(5000);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it.each([[[]], [{}], [[{ file: 'a', search: 'b', replace: 'c' }]], [{ results: [] }], ['x'], [null]])(
    'is nothing of a tool: %j',
    (value) => {
      expect(readTool(value)).toBeNull();
    },
  );
});
