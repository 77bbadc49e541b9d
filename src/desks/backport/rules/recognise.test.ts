import { expect, it } from 'vitest';
import { recogniseProject } from './recognise.ts';

const named = async (...subjects: string[]): Promise<string> =>
  (await recogniseProject(subjects.map((subject) => ({ subject })))).name;

it('knows projects by the tags of their subjects, as they are written', async () => {
  expect(await named('BUG/MINOR: mux: x', 'MEDIUM: y', 'DOC: z', 'Merge branch x')).toBe('haproxy');
  expect(await named('fix(http): x', 'feat!: y', 'chore: z', 'Update README')).toBe('conventional-commits');
  expect(await named('net: ipv4: fix a leak', 'drm/i915: x', 'Revert "y"')).toBe('linux-stable');
  expect(await named()).toBe('linux-stable');
});
