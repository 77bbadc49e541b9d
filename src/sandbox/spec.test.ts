import fc from 'fast-check';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { checkRelative, isBelow, programEnvironment } from './spec.ts';
import type { SandboxSpec } from './port.ts';

test('a changed path that is let through stays below the tree', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'b', '/', 'a/..', '\\', ' ');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = parts.join('/');
      let checked: string;
      try {
        checked = checkRelative(path);
      } catch {
        return;
      }
      const full = posix.join('/tree', checked);
      expect(isBelow(full, '/tree') && full !== '/tree').toBe(true);
    }),
  );
});

test('isBelow is about folders, not about texts', () => {
  expect(isBelow('/app', '/app')).toBe(true);
  expect(isBelow('/app/x', '/app')).toBe(true);
  expect(isBelow('/apple', '/app')).toBe(false);
});

test('the caller may say where programs and home are', () => {
  const spec = { env: { PATH: '/mine', A: 'b' } } as unknown as SandboxSpec;
  expect(programEnvironment(spec)).toEqual({ PATH: '/mine', HOME: '/tmp', A: 'b' });
});
