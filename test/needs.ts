import { describe } from 'vitest';

/**
 * `describe` where this machine has what the tests need; else they are skipped with the reason in plain sight. With `CI`
 * set nothing is skipped: a missing part fails there.
 */
export function needs(condition: boolean, missing: string): typeof describe | typeof describe.skip {
  if (condition || process.env['CI'] !== undefined) return describe;
  process.stderr.write(`skipped: ${missing}\n`);
  return describe.skip;
}
