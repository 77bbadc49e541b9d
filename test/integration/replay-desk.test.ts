import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Candidate, Engine } from '../../src/desks/fix/engines/port.ts';
import type { Work } from '../../src/desks/fix/model.ts';
import { getIncident } from '../../src/incident/store.ts';
import { SCENARIOS, stage } from '../e2e/stage.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD } from './record-setup.ts';
import { isRoot } from './server-setup.ts';

const missing = isRoot ? CANNOT_RECORD : 'root, for namespaces and the kernel tap';

needs(missing === '', missing)('the fix desk', () => {
  let at: Awaited<ReturnType<typeof stage>>;
  let incident: string;

  beforeAll(async () => {
    at = await stage(join(SCENARIOS, 'books-upstream-html'));
    incident = at.production.incident!.id;
  });
  afterAll(() => at.stop());

  const fix = (work: Work): ReturnType<typeof at.production.workbench.desk.fix> =>
    at.production.workbench.desk.fix(incident, { engines: ['template'], pullRequest: false }, work);

  it('is stopped in the middle with the reason, and goes on another time as if nothing had been', async () => {
    const before = (await getIncident(at.production.store, incident)).status;
    for (const when of [/^reproducing/, /candidates from/, /^1\//]) {
      const enough = new AbortController();
      const reason = new Error(`enough: ${when}`);
      const onProgress = (line: string): void => {
        if (when.test(line)) enough.abort(reason);
      };
      await expect(fix({ signal: enough.signal, onProgress })).rejects.toBe(reason);
      expect((await getIncident(at.production.store, incident)).status).toBe(before);
    }
    const outcome = await fix({ signal: new AbortController().signal, onProgress: () => {} });
    expect(outcome.verdict).toBe('verified');
  });

  it('keeps the results of the others when one candidate cannot be judged', async () => {
    const { template } = at.parts.engines;
    const unjudgeable: Engine = {
      ...template,
      async *propose(context) {
        let last: Candidate | undefined;
        for await (const candidate of template.propose(context)) yield (last = candidate);
        yield { ...last!, title: 'outside of the tree', changes: { '../outside.js': 'x' } };
      },
    };
    Object.assign(at.parts.engines, { template: unjudgeable });
    try {
      const lines: string[] = [];
      const outcome = await fix({
        signal: new AbortController().signal,
        onProgress: (line) => lines.push(line),
      });
      expect(outcome.unavailable).toEqual([
        expect.stringMatching(/^outside of the tree: could not be judged/),
      ]);
      expect(lines.some((line) => line.endsWith('could not be judged: outside of the tree'))).toBe(true);
      expect(outcome.candidates.length).toBeGreaterThan(1);
      expect(outcome.candidates.every(({ gates }) => gates.length > 0)).toBe(true);
    } finally {
      Object.assign(at.parts.engines, { template });
    }
  });
});
