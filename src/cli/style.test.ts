import { describe, expect, it } from 'vitest';
import { brief, plain, table } from './style.ts';

describe('plain', () => {
  it('lets no text of others move the cursor, colour the screen or turn the reading order', () => {
    expect(plain('a\u001b[2Jb\u001b]0;title\u0007c')).toBe('abc');
    expect(plain('x\u0008\u0000y\rz')).toBe('x��y�z');
    expect(plain('a\u202eb')).toBe('a�b');
    expect(plain('kept\n\tas is é')).toBe('kept\n\tas is é');
  });
});

describe('brief', () => {
  it('is one line of bounded length', () => {
    expect(brief('a\n  b', 10)).toBe('a b');
    expect(brief('abcdefghij', 5)).toBe('abcd…');
  });
});

describe('table', () => {
  it('lines up, colours aside, and has a word for nothing', () => {
    const red = '\u001b[31mred\u001b[39m';
    const lines = table(
      ['a', 'bb'],
      [
        [red, '1'],
        ['longer', '2'],
      ],
      'none',
    ).split('\n');
    expect(lines[1]).toBe(`${red}     1`);
    expect(lines[2]).toBe('longer  2');
    expect(table(['a'], [], 'none')).toBe('none');
  });
});
