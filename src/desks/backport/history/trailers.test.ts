import { describe, expect, it } from 'vitest';
import { picksIn, revertsIn } from './trailers.ts';

const ID = '0123456789abcdef0123456789abcdef01234567';

describe('the lines by which a pick names its commit', () => {
  it.each([
    `(cherry picked from commit ${ID})`,
    `(cherry-picked from ${ID})`,
    `(backported from commit ${ID})`,
    `(cherry picked from commit ${ID.toUpperCase()})`,
    `[ Upstream commit ${ID} ]`,
    `[ upstream commit: ${ID} ]`,
    `commit ${ID} upstream.`,
    `Upstream-commit: ${ID}`,
    `  (cherry picked from commit ${ID})  `,
    `(cherry picked from commit ${ID.slice(0, 12)}) [jd: context]`,
  ])('%s', (line) => {
    const [id] = picksIn(`Text.\n\n${line}\nSigned-off-by: X <x@y>`);
    expect(ID.startsWith(id!)).toBe(true);
  });

  it.each([
    `this is not the fix (cherry picked from commit ${ID})`,
    `commit ${ID} broke it upstream.`,
    '(cherry picked from commit 0123)',
    '(cherry picked from commit zzzzzzzz)',
    `> [ Upstream commit ${ID} ]`,
    `(cherry picked from commit ${ID}`.padEnd(10_000, 'x'),
  ])('not in: %.60s', (line) => {
    expect(picksIn(line)).toEqual([]);
  });

  it('names each commit of a pick of a pick, once', () => {
    const other = ID.replaceAll('0', 'f');
    const body = [ID, other, ID].map((id) => `(cherry picked from commit ${id})`).join('\n');
    expect(picksIn(body)).toEqual([ID, other]);
  });

  it('knows reverts', () => {
    expect(revertsIn(`Revert "x"\n\nThis reverts commit ${ID}.`)).toEqual([ID]);
    expect(revertsIn(`This reverts commit ${ID}, reversing\nchanges made to x.`)).toEqual([ID]);
    expect(revertsIn('This reverts nothing.')).toEqual([]);
  });
});
