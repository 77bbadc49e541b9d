import { describe, expect, it } from 'vitest';
import { parses } from '../../locate/source.ts';
import { cases } from './cases/cases.ts';
import { added, candidatesFor } from './fixture.ts';
import { TRANSFORMATIONS } from './registry.ts';

describe('transformations', () => {
  it.each(Object.entries(cases))('%s', (_name, test) => {
    const found = candidatesFor(test);
    const first = found.slice(0, test.within ?? 10);
    for (const [by, adds] of test.expect) {
      const shown = first.map((each) => `${each.by}: ${added(test, each)}`);
      const holds = first.some(
        (each) =>
          each.by === by &&
          Object.entries(each.changes).some(
            ([file, text]) => has(text ?? '', adds) && !has(test.files[file] ?? '', adds),
          ),
      );
      expect(holds, `${by}: ${adds}\namong\n${shown.join('\n')}`).toBe(true);
    }
  });

  it.each(Object.entries(cases))(
    '%s: every candidate parses, changes something and is unlike the others',
    (_name, test) => {
      const found = candidatesFor(test);
      expect(found.length).toBeLessThanOrEqual(40);
      const seen = new Set<string>();
      for (const each of found) {
        for (const [file, text] of Object.entries(each.changes)) {
          expect(text).not.toBeNull();
          expect(text).not.toBe(test.files[file]);
          expect(parses(file, text!)).toBe(true);
        }
        const key = JSON.stringify(each.changes);
        expect(seen.has(key)).toBe(false);
        seen.add(key);
        expect(each.why).not.toBe('');
      }
      expect(found.map((each) => each.rank)).toEqual(
        found.map((each) => each.rank).toSorted((a, b) => b - a),
      );
    },
  );

  it('are each shown by a case', () => {
    const shown = new Set(Object.values(cases).flatMap((test) => test.expect.map(([by]) => by)));
    expect(TRANSFORMATIONS.map((each) => each.name).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('never swallow an error', () => {
    for (const test of Object.values(cases)) {
      for (const each of candidatesFor(test))
        expect(added(test, each)).not.toMatch(/catch\s*(?:\(\w+\))?\s*\{\s*\}/);
    }
  });
});

/** White space aside. */
function has(text: string, part: string): boolean {
  const squeezed = (each: string): string => each.replace(/\s+/g, ' ');
  return squeezed(text).includes(squeezed(part));
}
