import { expect, test } from 'vitest';
import { changesOf } from './changes.ts';
import type { FileChange } from './from-answer.ts';

const plain = (text: string) => ({ text, mode: '100644' }) as const;
const runs = (text: string) => ({ text, mode: '100755' }) as const;
const change = (part: Partial<FileChange>): FileChange => ({
  path: 'a.js',
  from: null,
  before: plain('old\n'),
  after: plain('new\n'),
  ...part,
});

test.each<[string, FileChange[], Record<string, string | null>]>([
  ['an edit', [change({})], { 'a.js': 'new\n' }],
  ['an edit that names its own path', [change({ from: 'a.js' })], { 'a.js': 'new\n' }],
  ['an executable edited', [change({ before: runs('old\n'), after: runs('new\n') })], { 'a.js': 'new\n' }],
  ['a new file', [change({ before: null })], { 'a.js': 'new\n' }],
  ['a deleted file', [change({ after: null })], { 'a.js': null }],
  [
    'a rename without a change of the text',
    [change({ from: 'b.js', before: plain('same\n'), after: plain('same\n') })],
    { 'b.js': null, 'a.js': 'same\n' },
  ],
  [
    'two files that change places',
    [change({ from: 'b.js' }), change({ path: 'b.js', from: 'a.js', after: plain('other\n') })],
    { 'a.js': 'new\n', 'b.js': 'other\n' },
  ],
  ['a name that is special to objects', [change({ path: '__proto__' })], { ['__proto__']: 'new\n' }],
])('%s', (_, changes, expected) => {
  const made = changesOf(changes);
  const entries = 'changes' in made ? Object.entries(made.changes) : null;
  expect(new Map(entries)).toEqual(new Map(Object.entries(expected)));
});

test.each<[string, FileChange[], string]>([
  ['a mode', [change({ after: runs('old\n') })], "a.js: changes the file's mode"],
  ['a mode taken away', [change({ before: runs('old\n') })], "a.js: changes the file's mode"],
  ['a new executable', [change({ before: null, after: runs('x') })], 'a.js: would be a new executable file'],
  [
    'an executable renamed',
    [change({ from: 'b.js', before: runs('x'), after: runs('x') })],
    'a.js: would be a new executable file',
  ],
])('%s is refused', (_, changes, refusal) => {
  expect(changesOf(changes)).toEqual({ refusal });
});
