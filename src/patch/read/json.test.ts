import { describe, expect, it } from 'vitest';
import { patchFromAnswer } from '../from-answer.ts';
import type { Tree } from '../tree.ts';

const FILE = `const s = "a\\n";\nfunction f(x) {\n  return x.replace(/\\d+/g, 'b');\n}\n`;
const AFTER = FILE.replace("'b'", '"c"');
const OLD = `  return x.replace(/\\d+/g, 'b');`;
const NEW = `  return x.replace(/\\d+/g, "c");`;

function treeOf(files: Record<string, string>): Tree {
  return {
    folder: '/app',
    read: async (path) => ({
      file: files[path] === undefined ? null : { text: files[path], mode: '100644' },
    }),
    files: async () => Object.keys(files),
  };
}

async function got(answer: string, files: Record<string, string> = { 'src/a.js': FILE }): Promise<unknown> {
  const patched = await patchFromAnswer(treeOf(files), answer, { git: false });
  if (patched.outcome === 'reject') return `refused: ${patched.refusals.join('\n')}`;
  return Object.fromEntries(patched.changes.map((change) => [change.path, change.after?.text ?? null]));
}

const edit = (old: string, now: string): string =>
  JSON.stringify({ file: 'src/a.js', search: old, replace: now });
const EDITS = JSON.stringify({ edits: [{ path: 'src/a.js', old_string: OLD, new_string: NEW }] }, null, 2);

describe('edits as JSON', () => {
  it.each([
    ['one edit', edit(OLD, NEW)],
    ['with line ends at the end', edit(`${OLD}\n`, NEW)],
    ['a list in a member', EDITS],
    ['in a fence with prose', `Here:\n\`\`\`json\n${EDITS}\n\`\`\`\nDone.`],
    ['prose without a fence', `The change is ${edit(OLD, NEW)} as asked.`],
    [
      'a call of a tool',
      JSON.stringify({ name: 'str_replace', input: { path: 'src/a.js', old_str: OLD, new_str: NEW } }),
    ],
    ['the name once', JSON.stringify({ file: 'src/a.js', edits: [{ find: OLD, replace_with: NEW }] })],
    ['whole content', JSON.stringify({ files: [{ path: 'src/a.js', content: AFTER }] })],
    ['files by name', JSON.stringify({ 'src/a.js': AFTER })],
    ['lists of lines', JSON.stringify({ file: 'src/a.js', old: OLD.split('\n'), new: NEW.split('\n') })],
    ['part of a line', edit("'b'", '"c"')],
    ['a diff inside', JSON.stringify({ file: 'src/a.js', diff: `@@ -3 +3 @@\n-${OLD}\n+${NEW}\n` })],
    ['trailing commas', EDITS.replace('}\n', '},\n').replace('"\n    }', '",\n    }')],
    ['comments', EDITS.replace('{', '{ // the edits\n')],
    ['unescaped quotes', EDITS.replaceAll('\\"', '"')],
    ['single backslashes', EDITS.replaceAll('\\\\d', '\\d')],
    ['escaped single quotes', EDITS.replaceAll("'", "\\'")],
    [
      'escaped twice',
      edit(
        JSON.stringify(`{\n${OLD}`).slice(1, -1).replace('{', 'function f(x) {'),
        JSON.stringify(`{\n${NEW}`).slice(1, -1).replace('{', 'function f(x) {'),
      ),
    ],
    ['raw line ends', edit(`function f(x) {\n${OLD}`, `function f(x) {\n${NEW}`).replaceAll('\\n', '\n')],
    ["Python's words", EDITS.replace('{', '{"applied": None, ')],
    ['a member that is not known', `${EDITS.slice(0, EDITS.lastIndexOf('\n    }'))},\n "why": "so",}]}`],
    ['arguments in a string', JSON.stringify({ name: 'edit', arguments: edit(OLD, NEW) })],
    ['prose with braces', `Of {x} and {y: 1}: ${edit(OLD, NEW)} {done}`],
    ['no comma between members', EDITS.replace('",\n      "new', '"\n      "new')],
  ])('%s', async (_, answer) => {
    expect(await got(answer)).toEqual({ 'src/a.js': AFTER });
  });

  it('new, deleted and renamed files', async () => {
    const answer = JSON.stringify([
      { path: 'new.js', content: 'x();\n' },
      { path: 'src/a.js', action: 'delete' },
      { action: 'rename', from: 'b.js', to: 'c.js' },
    ]);
    expect(await got(answer, { 'src/a.js': FILE, 'b.js': 'b();\n' })).toEqual({
      'new.js': 'x();\n',
      'src/a.js': null,
      'c.js': 'b();\n',
    });
  });

  const other = JSON.stringify({ file: 'b.js', search: 'b();', replace: 'c();' });
  it.each([
    ['fences', `\`\`\`json\n${edit(OLD, NEW)}\n\`\`\`\nand\n\`\`\`json\n${other}\n\`\`\`\n`],
    ['values', `${edit(OLD, NEW)}\n\n${other}`],
    ['values in prose', `First ${edit(OLD, NEW)} and then ${other}.`],
    ['a list without a comma', `[\n${edit(OLD, NEW)}\n${other},\n]`],
  ])('all edits count: %s', async (_, answer) => {
    expect(await got(answer, { 'src/a.js': FILE, 'b.js': 'b();\n' })).toEqual({
      'src/a.js': AFTER,
      'b.js': 'c();\n',
    });
  });

  it.each([
    ['lines in a list', '{"file": "n.txt", "content": ["a", "b"],}', 'a\nb'],
    ['ended lines in a list', '{"file": "n.txt", "content": ["a\\n", "b\\n"]}', 'a\nb\n'],
    [
      'quotes',
      '{"file": "n.txt", "content": "x = {"name": "q", "type": "t"};"}',
      'x = {"name": "q", "type": "t"};',
    ],
    ['the text editor', '{"command": "create", "path": "n.txt", "file_text": "a\\n"}', 'a\n'],
  ])('new text whole: %s', async (_, answer, text) => {
    expect(await got(answer)).toEqual({ 'n.txt': text });
  });

  it('old text that is to be deleted is not the file', async () => {
    const of = (held: object): string => JSON.stringify({ file: 'd.txt', action: 'delete', ...held });
    const files = { 'd.txt': 'one\ntwo\n' };
    expect(await got(of({ old: 'one' }), files)).toEqual({ 'd.txt': 'two\n' });
    expect(await got(of({ content: 'one\n' }), files)).toContain('holds more than');
    expect(await got(of({ content: 'one\ntwo\n' }), files)).toEqual({ 'd.txt': null });
  });

  const FOUND = `{"file": "src/a.js", "search": "function f(x) {", "replace": `;
  it.each([
    ['cut off', EDITS.slice(0, -20), 'ends too early'],
    ['a list that is cut off', `[${edit(OLD, NEW)}, ${other.slice(0, -9)}`, 'ends too early'],
    ['the same with prose', `So:\n[${edit(OLD, NEW)}, ${other.slice(0, -9)}`, 'ends too early'],
    ['a member twice', `${edit(OLD, NEW).slice(0, -1)}, ${other.slice(1)}`, 'twice'],
    ['half an edit', `[${edit(OLD, NEW)}, {"file": "src/a.js", "search": "function"}]`, 'not all of an edit'],
    [
      'an insertion',
      '{"file": "src/a.js", "action": "insert", "after": "const s", "content": "x"}',
      'where it inserts',
    ],
    ['a backspace', `${FOUND}"function f(x) { /\\bx/;"}`, 'open what it says'],
    ['slashes that are escaped in part', `${FOUND}"function f(x) { a / b; c = /\\/;"}`, 'open what it says'],
    ['quotes that are escaped in part', `${FOUND}"function f(x) { // 'it\\'s'",}`, 'open what it says'],
    ['a line end that was escaped twice', `${FOUND}"function f(x) {\\\\n  g();"}`, 'open what it says'],
    [
      'a line number alone',
      JSON.stringify({ file: 'src/a.js', start_line: 3, end_line: 3, new_text: NEW }),
      'a line number alone',
    ],
    [
      'escapes that only the new text has',
      '{"file": "src/a.js", "search": "function f(x) {", "replace": "function f(x) {\\y\n  g();"}',
      'open what it says',
    ],
    ['no change', '{"a": 1}', 'holds no change'],
    ['outside', JSON.stringify({ file: '../a.js', content: 'x' }), 'outside the tree'],
  ])('%s is refused', async (_, answer, reason) => {
    expect(await got(answer)).toContain(reason);
  });

  it('reads hostile input in bounded time', async () => {
    for (const answer of [
      '['.repeat(200_000),
      `{"search": ${'"a", '.repeat(50_000)}`,
      `{"search": "${'"'.repeat(100_000)}`,
    ]) {
      const start = performance.now();
      expect(await got(answer)).toContain('refused');
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});

describe('findings of tools', () => {
  const LINE = 'let é = "😀"; let b = 1;\n';
  const AT = LINE.indexOf('let b');
  const points = Array.from(LINE.slice(0, AT)).length;
  const bytes = Buffer.byteLength(LINE.slice(0, AT));
  const files = { 'src/a.js': `\n${LINE}` };
  const fixed = { 'src/a.js': `\n${LINE.replace('let b', 'const b')}` };

  it('ESLint: UTF-16 offsets, of the file that it saw', async () => {
    const of = (source: string): string =>
      JSON.stringify([
        {
          filePath: '/app/src/a.js',
          source,
          messages: [{ ruleId: 'prefer-const', line: 2, fix: { range: [1 + AT, 4 + AT], text: 'const' } }],
        },
      ]);
    expect(await got(of(files['src/a.js']), files)).toEqual(fixed);
    expect(await got(of('other'), files)).toContain('not the file that the tool saw');
    expect(await got(of(files['src/a.js']), { 'src/a.js': `\ufeff${files['src/a.js']}` })).toEqual({
      'src/a.js': `\ufeff${fixed['src/a.js']}`,
    });
  });

  it('Ruff: rows and columns in code points; only safe fixes', async () => {
    const of = (applicability: string): string =>
      JSON.stringify([
        {
          filename: '/elsewhere/src/a.js',
          code: 'X1',
          cell: null,
          location: { row: 2, column: 1 },
          fix: {
            applicability,
            edits: [
              {
                content: 'const',
                location: { row: 2, column: points + 1 },
                end_location: { row: 2, column: points + 4 },
              },
            ],
          },
        },
      ]);
    expect(await got(of('safe'), files)).toEqual(fixed);
    expect(await got(of('unsafe'), files)).toContain('no fix is marked safe');
  });

  it('SARIF: columns as the run counts them, or where all counts agree', async () => {
    const of = (column: number, columnKind?: string): string =>
      JSON.stringify({
        version: '2.1.0',
        runs: [
          {
            ...(columnKind === undefined ? {} : { columnKind }),
            results: [
              {
                ruleId: 'r',
                fixes: [
                  {
                    artifactChanges: [
                      {
                        artifactLocation: { uri: 'src/a.js' },
                        replacements: [
                          {
                            deletedRegion: { startLine: 2, startColumn: column, endColumn: column + 3 },
                            insertedContent: { text: 'const' },
                          },
                        ],
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      });
    expect(await got(of(AT + 1, 'utf16CodeUnits'), files)).toEqual(fixed);
    expect(await got(of(points + 1, 'unicodeCodePoints'), files)).toEqual(fixed);
    expect(await got(of(points + 1), files)).toContain('can be counted in several ways');
  });

  it('Semgrep: line, column and offset agree, whatever they are counted in', async () => {
    const of = (column: number, offset: number): string =>
      JSON.stringify({
        results: [
          {
            check_id: 'r',
            path: 'src/a.js',
            start: { line: 2, col: column + 1, offset },
            end: { line: 2, col: column + 4, offset: offset + 3 },
            extra: { fix: 'const', lines: LINE.trimEnd() },
          },
        ],
      });
    const above = '// é 😀\n';
    const two = { 'src/a.js': `${above}${LINE}` };
    const done = { 'src/a.js': `${above}${LINE.replace('let b', 'const b')}` };
    expect(await got(of(bytes, Buffer.byteLength(above) + bytes), two)).toEqual(done);
    expect(await got(of(points, Array.from(above).length + points), two)).toEqual(done);
    expect(await got(of(points, 500), two)).toContain('do not agree');
    // All counts agree with themselves here, on different places.
    expect(await got(of(bytes, 1 + bytes), files)).toContain('can be counted in several ways');
  });
});
