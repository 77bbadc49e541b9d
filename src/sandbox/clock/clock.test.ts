import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../lib/process.ts';
import { scratchDir } from '../../lib/scratch.ts';
import { needs } from '../../../test/needs.ts';
import { clockLibrary } from './clock.ts';

const tools = await Promise.all(
  ['clang', 'ld.lld', 'make'].map((name) =>
    run([name, '--version']).then(
      () => true,
      () => false,
    ),
  ),
);

test.skipIf(!needs(tools.every(Boolean), 'clang, lld and make: apt-get install clang lld make'))(
  'the committed libraries rebuild the same',
  async () => {
    const out = await scratchDir('clock');
    try {
      const made = await run(['make', '-C', import.meta.dirname, `OUT=${out}`]);
      expect(made.stderr.toString('utf8')).toBe('');
      for (const name of ['clock-x64.so', 'clock-arm64.so']) {
        const [built, committed] = await Promise.all([
          readFile(join(out, name)),
          readFile(join(import.meta.dirname, name)),
        ]);
        expect(built.equals(committed), name).toBe(true);
      }
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  },
);

test('the shift is written behind the marker, in nanoseconds', () => {
  for (const architecture of ['x64', 'arm64'] as const) {
    const library = clockLibrary(-86_400_000.5, architecture)!;
    const at = library.indexOf('wall-clock-shift');
    expect(library.readBigInt64LE(at + 16)).toBe(-86_400_000_500_000n);
    expect(library.length).toBe(clockLibrary(0, architecture)!.length);
  }
});

test('other processors have none', () => {
  expect(clockLibrary(0, 's390x')).toBeUndefined();
});
