import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTemplateEngine } from '../../src/desks/fix/engines/template/engine.ts';
import type { Engine } from '../../src/desks/fix/engines/port.ts';
import { playProduction, type Parts, type Production } from '../../src/eval/production.ts';
import { loadSuite, type Scenario } from '../../src/eval/scenario.ts';
import { sharedServers } from '../../src/eval/services/services.ts';
import { VouchError } from '../../src/lib/errors.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { startAgent } from '../../src/record/agent/client.ts';
import { chooseSandbox } from '../../src/sandbox/registry.ts';

export const SHOP = fileURLToPath(new URL('../../examples/shop', import.meta.url));
export const SCENARIOS = fileURLToPath(new URL('../../examples/scenarios', import.meta.url));

const absent = (name: 'llm' | 'agent'): Engine => ({
  name,
  unavailable: () => `${name}: not asked here`,
  async *propose() {},
});

/** One scenario whose production has happened, with everything to judge patches against it. */
export interface Stage {
  scenario: Scenario;
  production: Production;
  parts: Parts;
  stop(): Promise<void>;
}

export async function stage(folder: string): Promise<Stage> {
  const scratch = await scratchDir('stage');
  const agent = await startAgent({ dir: join(scratch, 'agent'), logger: silentLogger });
  const parts: Parts = {
    sandbox: await chooseSandbox('local'),
    oci: null,
    agent: agent.agent,
    engines: { template: createTemplateEngine(), llm: absent('llm'), agent: absent('agent') },
    costOf: () => Promise.resolve(0),
    forgeOf: () => Promise.reject(new VouchError('missing-part', 'no forge here')),
  };
  const shared = sharedServers(scratch);
  const [scenario] = (await loadSuite(folder)).scenarios as [Scenario];
  const production = await playProduction(scenario, parts, shared, join(scratch, 'run'));
  return {
    scenario,
    production,
    parts,
    async stop() {
      await production.stop();
      await shared.stop();
      await agent.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
