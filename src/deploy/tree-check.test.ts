import { describe, expect, it } from 'vitest';
import { checkEntries, checkLinks } from './tree-check.ts';

const file = (
  path: string,
  mode = '100644',
): { mode: string; hash: string; bytes: number; path: string } => ({
  mode,
  hash: '',
  bytes: 1,
  path,
});

describe('checkLinks', () => {
  it.each([
    [{ a: 'b' }],
    [{ 'x/y/a': '../../b' }],
    [{ a: 'missing/../b' }],
    [{ 'bin/tool': '../lib/tool.js', lib: 'source' }],
    [{ a: '.' }],
    [{ 'd/a': '../e/x', e: 'f/g' }],
  ])('accepts %j', (links) => {
    expect(() => checkLinks(new Map(Object.entries(links)))).not.toThrow();
  });

  it.each([
    [{ a: '/etc/passwd' }, 'leaves the tree'],
    [{ a: '..' }, 'leaves the tree'],
    [{ a: '../x' }, 'leaves the tree'],
    [{ 'x/a': '../../y' }, 'leaves the tree'],
    [{ here: '.', 'sub/up': '../here/..' }, 'leaves the tree'],
    [{ d: 'x/y', e: 'd/../../..' }, 'leaves the tree'],
    [{ a: 'b', b: 'a' }, 'leads back to itself'],
    [{ a: 'a/x' }, 'leads back to itself'],
  ])('refuses %j', (links, why) => {
    expect(() => checkLinks(new Map(Object.entries(links)))).toThrow(why);
  });
});

describe('checkEntries', () => {
  it('accepts ordinary names, also odd ones', () => {
    const odd = [
      'a b',
      "q'uote",
      '$(x)',
      '.gitignore',
      '.github/x',
      'git',
      'ü',
      '-rf',
      '..a',
      'x.git/y',
      '*',
    ];
    expect(() => checkEntries(odd.map((path) => file(path)))).not.toThrow();
  });

  it.each([
    '.git/config',
    'a/.git/hooks/x',
    '.GIT/x',
    'git~1/x',
    '.git./x',
    '.git /x',
    '.g\u200cit/x',
    '.git::$INDEX_ALLOCATION/x',
    'a/../b',
    './a',
    'a//b',
    'a\nb',
    'a\u001b[31m',
  ])('refuses %j', (path) => {
    expect(() => checkEntries([file(path)])).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('refuses submodules, doubles, files below files, and too much', () => {
    expect(() => checkEntries([file('lib', '160000')])).toThrow('submodule');
    expect(() => checkEntries([file('a'), file('a')])).toThrow('twice');
    expect(() => checkEntries([file('a', '120000'), file('a/b')])).toThrow(
      'below something that is not a folder',
    );
    expect(() => checkEntries([{ ...file('big'), bytes: 3 * 1024 ** 3 }])).toThrow('bytes');
    expect(() => checkEntries(Array.from({ length: 100_001 }, (_, n) => file(`f${n}`)))).toThrow(
      'more than 100000 files',
    );
  });

  it('shows hostile names escaped', () => {
    expect(() => checkEntries([file('a\u001b[2Jb')])).toThrow('a\\u001b[2Jb');
  });
});
