import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHash, parseHash } from './hash.ts';
import { commitOf, dataOf } from './doubles.ts';
import { PageModel } from './page-model.ts';
import { partsOf, plainText, shortDate } from './text.ts';

const known = (sha: string): boolean => sha === 'deadbeef';
const marked = (text: string): string[] =>
  partsOf(text, known)
    .filter(({ kind }) => kind !== 'text')
    .map(({ kind, text: part }) => `${kind} ${part}`);

describe('text', () => {
  it('has nothing hidden in it', () => {
    expect(plainText('a\u202eb\u0007c\u200bd\r\te\r\nf')).toBe('a⟨U+202E⟩b⟨U+0007⟩c⟨U+200B⟩d⟨U+000D⟩\te\nf');
    expect(plainText('שלום and 日本')).toBe('שלום and 日本');
  });

  it.each([
    ['must be backported as far as 2.4, see #1234', ['strong 2.4', 'issue #1234']],
    ['relies on 7d1ab3e4 and deadbeef', ['strong relies', 'commit 7d1ab3e4', 'commit deadbeef']],
    ['not before a few days of observation', ['strong not', 'strong a few days', 'strong observation']],
    ['in v3.1-dev5 and 3.0.1', ['strong v3.1-dev5', 'strong 3.0.1']],
    ['1234567 feedface abc#12 &#39; notable', []],
    ['most telling: only:source-files', []],
    ['only for all stable branches', ['strong only', 'strong all stable branches']],
  ])('emphasises what matters: %s', (text, expected) => {
    expect(marked(text)).toEqual(expected);
  });

  it('keeps every letter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('2.', '4', '#1', ' ', 'abcdef1', 'not', 'wait', '\n', 'é')),
        (words) => {
          const text = words.join('');
          expect(
            partsOf(text, known)
              .map((part) => part.text)
              .join(''),
          ).toBe(text);
        },
      ),
    );
  });

  it('of a megabyte is done at once', () => {
    const before = performance.now();
    for (const piece of ['1.', 'a', '#1', '0a', 'not ', 'all stable '])
      partsOf(piece.repeat(2 ** 20 / piece.length), known);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('has dates as short as they can be', () => {
    expect(shortDate('2023-12-18T23:59:59+02:00')).toBe('18-Dec23');
    expect(shortDate('yesterday')).toBe('');
    expect(shortDate('2023-13-18')).toBe('');
  });
});

describe('the address', () => {
  it('comes back as it was written', () => {
    const flag = fc.boolean();
    fc.assert(
      fc.property(
        fc.record({
          calls: fc.record({ n: flag, u: flag, w: flag, y: flag }),
          fresh: flag,
          backported: flag,
          disputed: flag,
        }),
        fc.nat(9_999_999),
        fc.option(fc.string({ unit: 'grapheme', minLength: 1 })),
        (show, start, branch) => {
          expect(parseHash(formatHash(show, start, branch))).toEqual({ show, start, branch });
        },
      ),
    );
  });

  it('that makes no sense says nothing', () => {
    expect(parseHash('#start=-1&show')).toMatchObject({ start: null });
    expect(parseHash('#start=1e9')).toMatchObject({ start: null, show: null });
    expect(parseHash('')).toEqual({ show: null, start: null, branch: null });
  });
});

describe('ids', () => {
  it('are as long as it takes to tell them apart, and found by their beginning', () => {
    const model = new PageModel(
      dataOf([
        commitOf(1, { sha: `${'a'.repeat(11)}1${'0'.repeat(28)}` }),
        commitOf(2, { sha: `${'a'.repeat(11)}2${'0'.repeat(28)}` }),
      ]),
    );
    expect(model.digits).toBe(12);
    expect(model.find(`${'a'.repeat(11)}2`)).toBe(1);
    expect(model.find('a'.repeat(11))).toBeUndefined();
    expect(model.find('__proto__')).toBeUndefined();
  });
});
