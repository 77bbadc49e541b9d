import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scratchDir } from '../lib/scratch.ts';
import { parseEdits, resolveAnswer } from './search-replace.ts';

const FILE = `function total(order) {
  return order.items.length;
}

function name(order) {
  return order.name;
}
`;

let tree: string;
beforeEach(async () => {
  tree = await scratchDir('edits-test');
  await put('src/a.js', FILE);
});
afterEach(async () => {
  await rm(tree, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), text);
}

const block = (search: string, replace: string): string =>
  `<<<<<<< SEARCH\n${search}=======\n${replace}>>>>>>> REPLACE\n`;
const GUARD = block('  return order.items.length;\n', '  return order.items?.length ?? 0;\n');
const GUARDED = FILE.replace('order.items.length', 'order.items?.length ?? 0');

async function refusalsOf(answer: string): Promise<string> {
  const edited = await resolveAnswer(tree, answer);
  if (edited.ok) throw new Error(`applied: ${JSON.stringify(edited)}`);
  return edited.refusals.join('\n');
}

test.each([
  ['bare', `src/a.js\n${GUARD}`],
  ['fenced, name above', `Here is the fix.\n\nsrc/a.js\n\`\`\`js\n${GUARD}\`\`\`\nDone.`],
  ['fenced, name inside', `\`\`\`\nsrc/a.js\n${GUARD}\`\`\``],
  ['name in bold with a colon', `**src/a.js:**\n\n\`\`\`\n${GUARD}\`\`\``],
  ['name as a heading in backticks', `### \`src/a.js\`\n\`\`\`javascript\n${GUARD}\`\`\``],
  ['name in the fence', `\`\`\`js:src/a.js\n${GUARD}\`\`\``],
  ['File: name', `File: ./src/a.js\n${GUARD}`],
  ['name in a sentence', `In \`src/a.js\`, guard it:\n${GUARD}`],
  ['CR LF answer', `src/a.js\n${GUARD}`.replaceAll('\n', '\r\n')],
])('an answer is read: %s', async (_, answer) => {
  expect(await resolveAnswer(tree, answer)).toEqual({
    ok: true,
    changes: { 'src/a.js': GUARDED },
    notes: [],
  });
});

test('several blocks of one file, the name once', async () => {
  const answer = `src/a.js\n${GUARD}\nand\n\n${block('  return order.name;\n', "  return order.name ?? '';\n")}`;
  const edited = await resolveAnswer(tree, answer);
  expect(edited).toMatchObject({
    ok: true,
    changes: { 'src/a.js': GUARDED.replace('order.name;', "order.name ?? '';") },
  });
});

test('a new file, a deletion of lines, and CR LF files', async () => {
  await put('crlf.js', 'one\r\ntwo\r\nthree\r\n');
  const answer = `lib/new.js\n${block('', 'export const a = 1;\n')}crlf.js\n${block('two\n', '')}`;
  expect(await resolveAnswer(tree, answer)).toEqual({
    ok: true,
    changes: { 'lib/new.js': 'export const a = 1;\n', 'crlf.js': 'one\r\nthree\r\n' },
    notes: [],
  });
});

test('a missing newline at the end stays missing', async () => {
  await put('end.js', 'one\ntwo');
  const edited = await resolveAnswer(tree, `end.js\n${block('two\n', '2\n')}`);
  expect(edited).toMatchObject({ changes: { 'end.js': 'one\n2' } });
});

test('an edit that is there already succeeds and changes nothing; applying twice is applying once', async () => {
  const add = block('  return order.name;\n', '  return order.name;\n  // done\n');
  const answer = `src/a.js\n${GUARD}${add}`;
  const once = await resolveAnswer(tree, answer);
  if (!once.ok) throw new Error(once.refusals.join());
  await put('src/a.js', once.changes['src/a.js']!);
  expect(await resolveAnswer(tree, answer)).toEqual({
    ok: true,
    changes: {},
    notes: ['edit 1: src/a.js has it already', 'edit 2: src/a.js has it already'],
  });
});

test('the first of several places is never taken', async () => {
  await put('twice.js', 'go();\nstop();\ngo();\n');
  expect(await refusalsOf(`twice.js\n${block('go();\n', 'gone();\n')}`)).toBe(
    'edit 1: its search fits 2 places of twice.js (lines 1, 3); add lines around it until it fits one',
  );
  const edited = await resolveAnswer(tree, `twice.js\n${block('stop();\ngo();\n', 'stop();\ngone();\n')}`);
  expect(edited).toMatchObject({ changes: { 'twice.js': 'go();\nstop();\ngone();\n' } });
});

test('a refusal shows the nearest real lines', async () => {
  const refused = await refusalsOf(`src/a.js\n${block('    return order.items.size;\n', 'x\n')}`);
  expect(refused).toContain('edit 1: its search is not in src/a.js');
  expect(refused).toContain('    2|   return order.items.length;');
});

test('part of a line is not a match', async () => {
  expect(await refusalsOf(`src/a.js\n${block('order.items.length\n', '0\n')}`)).toContain('not in src/a.js');
});

test.each([
  ['prose only', 'You should check for null.', 'holds no search/replace block'],
  ['cut off', `src/a.js\n${GUARD.slice(0, 40)}`, 'edit 1: has no ======='],
  ['cut off later', `src/a.js\n${GUARD.replace(/>{7} REPLACE\n/, '')}`, 'edit 1: has no >>>>>>> REPLACE'],
  ['a wrong file', `lib/a.js\n${GUARD}`, 'edit 1: lib/a.js is no file of the app; there is src/a.js'],
  ['no file', GUARD, 'edit 1: no file name'],
  ['an empty search', `src/a.js\n${block('', 'x\n')}`, 'the search is empty, and src/a.js exists'],
  [
    'overlap',
    `src/a.js\n${GUARD}${block('  return order.items.length;\n}\n', '}\n')}`,
    'two edits change the same lines (line 2)',
  ],
  ['outside', `../../etc/passwd\n${GUARD}`, 'no file name'],
])('%s is refused', async (_, answer, reason) => {
  expect(await refusalsOf(answer)).toContain(reason);
});

test('one bad edit of several refuses all', async () => {
  const edited = await resolveAnswer(tree, `src/a.js\n${GUARD}${block('nowhere\n', 'x\n')}`);
  expect(edited).toMatchObject({ ok: false, refusals: [expect.stringContaining('edit 2')] });
});

test('a block inside another is malformed, not guessed at', () => {
  const { edits, problems } = parseEdits(`a.js\n<<<<<<< SEARCH\nx\n${block('y\n', 'z\n')}`);
  expect(edits).toHaveLength(1);
  expect(problems).toEqual(['edit 1: has no >>>>>>> REPLACE; it was cut off or is malformed']);
});
