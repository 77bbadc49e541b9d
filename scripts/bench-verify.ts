/**
 * How long a verdict takes, and whether it is always the same: the shop's reference fix judged again and again on `local`, neighbours,
 * variants and the app's own tests included. What is made once per incident (two unpatched runs of everything) is timed apart.
 *
 *   npm run bench:verify [-- --json] [-- --runs N]
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDossier } from '../src/desks/fix/dossier.ts';
import { createTemplateEngine } from '../src/desks/fix/engines/template/engine.ts';
import type { Engine } from '../src/desks/fix/engines/port.ts';
import { playProduction, type Parts } from '../src/eval/production.ts';
import { loadSuite, type Scenario } from '../src/eval/scenario.ts';
import { sharedServers } from '../src/eval/services/services.ts';
import { silentLogger } from '../src/lib/log.ts';
import { scratchDir } from '../src/lib/scratch.ts';
import { applyPatch } from '../src/patch/apply.ts';
import { startAgent } from '../src/record/agent/client.ts';
import { chooseSandbox } from '../src/sandbox/registry.ts';
import { judge, type Judgement } from '../src/verify/judge.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '20' } },
});
const runs = Number(values.runs);

const absent = (name: 'llm' | 'agent'): Engine => ({
  name,
  unavailable: () => `${name}: not measured`,
  async *propose() {},
});

const scratch = await scratchDir('bench');
const agent = await startAgent({ dir: join(scratch, 'agent'), logger: silentLogger });
const parts: Parts = {
  sandbox: await chooseSandbox('local'),
  oci: null,
  agent: agent.agent,
  engines: { template: createTemplateEngine(), llm: absent('llm'), agent: absent('agent') },
  costOf: () => Promise.resolve(0),
  forgeOf: () => Promise.reject(new Error('nothing is opened here')),
};
const shared = sharedServers(scratch);
const [scenario] = (await loadSuite('examples/shop')) as [Scenario];
const production = await playProduction(scenario, parts, shared, join(scratch, 'run'));
try {
  const began = performance.now();
  const dossier = await openDossier(
    {
      store: production.store,
      deployer: production.workbench.deployer,
      sandbox: parts.sandbox,
      images: null,
      redirector: agent.agent,
    },
    production.incident!.id,
    { signal: new AbortController().signal, onProgress: () => {} },
  );
  const once = (performance.now() - began) / 1000;
  const applied = await applyPatch(dossier.tree, scenario.fix!);
  if (!applied.ok) throw new Error(applied.reason);
  const seconds: number[] = [];
  const verdicts = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    const judgement = await judge(dossier.case, dossier.baseline, applied.changes);
    seconds.push(judgement.seconds);
    verdicts.set(signature(judgement), (verdicts.get(signature(judgement)) ?? 0) + 1);
    if (!values.json) process.stderr.write('.');
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[Math.floor(runs / 2)]!;
  const result = {
    runs,
    medianSeconds: round(median),
    p90Seconds: round(seconds[Math.floor(runs * 0.9)]!),
    oncePerIncidentSeconds: round(once),
    neighbours: dossier.baseline.neighbours.length,
    variants: dossier.baseline.variants.length,
    agree: Math.max(...verdicts.values()),
    verdicts: verdicts.size,
    bars: { medianAtMost3Seconds: median <= 3, allAgree: verdicts.size === 1 },
  };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `\n${table(result)}\n`);
  if (!result.bars.medianAtMost3Seconds || !result.bars.allAgree) process.exitCode = 1;
} finally {
  await production.stop();
  await shared.stop();
  await agent.stop();
  await rm(scratch, { recursive: true, force: true });
}

/** What must be the same every time: each gate with its answer, and what the candidate did. */
function signature({ gates, behaviour, survives }: Judgement): string {
  return JSON.stringify({ survives, gates: gates.map(({ gate, holds }) => [gate, holds]), behaviour });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function table(result: object): string {
  return Object.entries(result)
    .map(
      ([key, value]) =>
        `${key.padEnd(24)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join('\n');
}
