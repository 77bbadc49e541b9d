import { expect, it } from 'vitest';
import { environment, isRoot, vouch } from '../integration/server-setup.ts';
import { needs } from '../needs.ts';
import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

interface Result {
  steps: { step: string; ok: boolean; seconds: number; detail: string }[];
  verdict: { verdict: string; gates: { gate: string; holds: boolean }[]; patch: string };
  pullRequest: { branch: string; url: string };
  merged: boolean;
  rolledBack: boolean;
  ok: boolean;
}

needs(isRoot, 'root, for namespaces and the kernel tap')('the demo', () => {
  it('goes from a push to a proved pull request, merges it, and rolls back', async () => {
    const home = await mkdtemp(join(tmpdir(), 'vouch-test-home-'));
    try {
      // npm's own settings say where packages come from.
      const npm = Object.entries(process.env).filter(([name]) =>
        /^npm_config_|^NODE_EXTRA_CA_CERTS$/i.test(name),
      );
      const env = environment({
        HOME: process.env['HOME'] ?? home,
        ...(Object.fromEntries(npm) as Record<string, string>),
      });
      const { code, out, err } = await vouch(['demo', '--merge', '--as', 'Ada Lovelace', '--json'], { env });
      expect(err).not.toContain('our bug');
      const result = JSON.parse(out) as Result;
      expect(result.steps.filter(({ ok }) => !ok)).toEqual([]);
      expect(code).toBe(0);
      expect(result).toMatchObject({
        merged: true,
        rolledBack: true,
        ok: true,
        verdict: { verdict: 'verified' },
      });
      expect(result.verdict.gates.filter(({ holds }) => !holds)).toEqual([]);
      expect(result.pullRequest.branch).toMatch(/^vouch\/fix-/);
      expect(result.steps.find(({ step }) => step === 'merge')!.detail).toContain('Ada Lovelace');
      expect(result.steps.find(({ step }) => step === 'answered')!.detail).toContain('404');
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
