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
