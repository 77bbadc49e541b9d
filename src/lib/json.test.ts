import { describe, expect, it } from 'vitest';
import { canonicalJson, differences, parseJson } from './json.ts';

const nested = (depth: number): string => '[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2);

describe('JSON text', () => {
  it('that is nested beyond reason is no value, so that nothing that walks one can exhaust the stack', () => {
    expect(parseJson('['.repeat(200_000) + ']'.repeat(200_000))).toBeUndefined();
    expect(parseJson('{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000))).toBeUndefined();
    expect(parseJson(nested(502))).toBeUndefined();
    const value = parseJson(nested(500));
    expect(canonicalJson(value)).toBe(nested(500));
    expect(differences(value, parseJson(nested(500).replace('1', '2')))).toHaveLength(1);
  });

  it('may hold any brackets in its strings, and be as long as it likes', () => {
    const text = JSON.stringify({ a: '[{'.repeat(10_000), b: '\\"[', c: '"'.repeat(3), d: ['\\', '['] });
    expect(JSON.stringify(parseJson(text))).toBe(text);
    expect(parseJson(`[${'[],'.repeat(10_000)}{}]`)).toHaveLength(10_001);
    expect(parseJson('not json')).toBeUndefined();
    expect(parseJson('"open')).toBeUndefined();
  });
});
