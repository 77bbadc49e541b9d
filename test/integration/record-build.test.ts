import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../src/lib/process.ts';
import { needs } from '../needs.ts';

const AGENT = resolve(import.meta.dirname, '../../agent');

const version = await run(['clang', '--version']).then(
  ({ stdout }) => /clang version (\d+)/.exec(stdout.toString())?.[1],
  () => undefined,
);

needs(
  version === '14',
  'clang 14, as Debian 12 has it, to rebuild agent/*.bpf.o: apt-get install clang llvm libbpf-dev',
)('the committed eBPF objects', () => {
  it('are what their sources build', async () => {
    const out = await mkdtemp(join(tmpdir(), 'vouch-build-'));
    try {
      const built = await run(['make', '-C', AGENT, `OUT=${out}`]);
      expect(built.stderr.toString()).toBe('');
      for (const name of ['tap.bpf.o', 'redirect.bpf.o']) {
        const [fresh, committed] = await Promise.all([
          readFile(join(out, name)),
          readFile(join(AGENT, name)),
        ]);
        expect(fresh.equals(committed), `${name}: run npm run build:agent`).toBe(true);
      }
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  });
});
