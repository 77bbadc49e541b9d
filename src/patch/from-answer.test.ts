import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scratchDir } from '../lib/scratch.ts';
import { changesOf } from './changes.ts';
import { patchFromAnswer } from './from-answer.ts';
import { folderTree } from './tree.ts';

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

async function resolved(answer: string): Promise<unknown> {
  const patched = await patchFromAnswer(folderTree(tree), answer);
  if (patched.outcome === 'reject') return { outcome: 'reject', refusals: patched.refusals };
  return {
    outcome: patched.outcome,
    ...changesOf(patched.changes),
    repairs: patched.repairs.map((one) => one.fault),
  };
}

async function refusalsOf(answer: string): Promise<string> {
  const patched = await patchFromAnswer(folderTree(tree), answer);
  if (patched.outcome !== 'reject') throw new Error(`applied: ${JSON.stringify(patched)}`);
  return patched.refusals.join('\n');
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
  expect(await resolved(answer)).toEqual({
    outcome: 'apply',
    changes: { 'src/a.js': GUARDED },
    repairs: [],
  });
});

test('several blocks of one file, the name once', async () => {
  const answer = `src/a.js\n${GUARD}\nand\n\n${block('  return order.name;\n', "  return order.name ?? '';\n")}`;
  const edited = await resolved(answer);
  expect(edited).toMatchObject({
    outcome: 'apply',
    changes: { 'src/a.js': GUARDED.replace('order.name;', "order.name ?? '';") },
  });
});

test('a new file, a deletion of lines, and CR LF files', async () => {
  await put('crlf.js', 'one\r\ntwo\r\nthree\r\n');
  const answer = `lib/new.js\n${block('', 'export const a = 1;\n')}crlf.js\n${block('two\n', '')}`;
  expect(await resolved(answer)).toEqual({
    outcome: 'apply',
    changes: { 'lib/new.js': 'export const a = 1;\n', 'crlf.js': 'one\r\nthree\r\n' },
    repairs: ['line-ends'],
  });
});

test('a missing newline at the end stays missing', async () => {
  await put('end.js', 'one\ntwo');
  const edited = await resolved(`end.js\n${block('two\n', '2\n')}`);
  expect(edited).toMatchObject({ changes: { 'end.js': 'one\n2' } });
});

test('an edit that is there already succeeds and changes nothing; applying twice is applying once', async () => {
  const add = block('  return order.name;\n', '  return order.name;\n  // done\n');
  const answer = `src/a.js\n${GUARD}${add}`;
  const once = await patchFromAnswer(folderTree(tree), answer);
  if (once.outcome !== 'apply') throw new Error(JSON.stringify(once));
  await put('src/a.js', once.changes[0]!.after!.text);
  expect(await resolved(answer)).toEqual({
    outcome: 'noop',
    changes: {},
    repairs: ['already-there', 'already-there'],
  });
});

test('the first of several places is never taken', async () => {
  await put('twice.js', 'go();\nstop();\ngo();\n');
  expect(await refusalsOf(`twice.js\n${block('go();\n', 'gone();\n')}`)).toContain(
    'edit 1: its lines fit 2 places of twice.js (lines 1, 3)',
  );
  const edited = await resolved(`twice.js\n${block('stop();\ngo();\n', 'stop();\ngone();\n')}`);
  expect(edited).toMatchObject({ changes: { 'twice.js': 'go();\nstop();\ngone();\n' } });
});

test('a refusal shows the nearest real lines', async () => {
  const refused = await refusalsOf(`src/a.js\n${block('    return order.items.size;\n', 'x\n')}`);
  expect(refused).toContain('edit 1: its lines are not in src/a.js');
  expect(refused).toContain('line 2, word for word:\n```\n  return order.items.length;\n```');
});

test('part of a line is enough where it is there once, and not in the middle of a word', async () => {
  expect(await resolved(`src/a.js\n${block('order.items.length\n', '0\n')}`)).toEqual({
    outcome: 'apply',
    changes: { 'src/a.js': FILE.replace('order.items.length', '0') },
    repairs: ['part-of-line'],
  });
  expect(await refusalsOf(`src/a.js\n${block('order.item\n', '0\n')}`)).toContain('not in src/a.js');
  expect(await refusalsOf(`src/a.js\n${block('return order\n', 'x\n')}`)).toContain('in several lines');
});

test.each([
  ['prose only', 'You should check for null.', 'holds no change'],
  ['cut off', `src/a.js\n${GUARD.slice(0, 40)}`, 'edit 1: has no ======='],
  ['cut off later', `src/a.js\n${GUARD.replace(/>{7} REPLACE\n/, '')}`, 'edit 1: has no >>>>>>> REPLACE'],
  ['a wrong file', `lib/a.js\n${GUARD}`, 'edit 1: lib/a.js is no file of the tree; there is src/a.js'],
  [
    'an empty search',
    `src/a.js\n${block('', 'x\n')}`,
    'src/a.js is there already, and the answer creates it',
  ],
  [
    'overlap',
    `src/a.js\n${GUARD}${block('  return order.items.length;\n}\n', '}\n')}`,
    'edit 1 and edit 2 change the same place',
  ],
  ['outside', `../../etc/passwd\n${GUARD}`, 'outside the tree'],
  ['absolute', `/etc/passwd\n${GUARD}`, 'absolute'],
  ['git', `.git/hooks/pre-commit\n${block('', 'x\n')}`, 'inside .git'],
])('%s is refused', async (_, answer, reason) => {
  expect(await refusalsOf(answer)).toContain(reason);
});

test('one bad edit of several refuses all', async () => {
  const edited = await resolved(`src/a.js\n${GUARD}${block('nowhere\n', 'x\n')}`);
  expect(edited).toMatchObject({ outcome: 'reject', refusals: [expect.stringContaining('edit 2')] });
});

test('a block inside another is malformed, not guessed at', async () => {
  expect(await refusalsOf(`src/a.js\n<<<<<<< SEARCH\nx\n${GUARD}`)).toBe(
    'edit 1: has no =======; it was cut off or is malformed',
  );
});

test('no file is named: the one that holds the lines', async () => {
  expect(await resolved(GUARD)).toMatchObject({ changes: { 'src/a.js': GUARDED }, repairs: ['file-name'] });
  await put('src/b.js', FILE);
  expect(await refusalsOf(GUARD)).toContain('no file is named, and its lines fit src/a.js, src/b.js');
});

test('a change that breaks the syntax is refused with the line', async () => {
  expect(
    await refusalsOf(`src/a.js\n${block('  return order.items.length;\n', '  return (order;\n')}`),
  ).toMatch(/^src\/a\.js:2: /);
});

test('a whole file named without its folder is the one that has its text, or none', async () => {
  expect(await resolved(`a.js\n\`\`\`js\n${GUARDED}\`\`\`\n`)).toEqual({
    outcome: 'apply',
    changes: { 'src/a.js': GUARDED },
    repairs: ['file-name'],
  });
  await put('lib/a.js', FILE);
  expect(await refusalsOf(`a.js\n\`\`\`js\n${GUARDED}\`\`\`\n`)).toContain('there is lib/a.js, src/a.js');
});
