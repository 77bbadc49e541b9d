/**
 * How long a verdict takes, and whether it is always the same: the shop's reference fix judged again and again on `local`, neighbours,
 * variants and the app's own tests included. What is made once per incident (two unpatched runs of everything) is timed apart.
 *
 *   npm run bench:verify [-- --json] [-- --runs N]
 */
import { parseArgs } from 'node:util';
import { chooseOccurrence, openDossier } from '../src/desks/fix/dossier.ts';
import { applyPatch } from '../src/patch/apply.ts';
import { judge, type Judgement } from '../src/verify/judge.ts';
import { SHOP, stage } from '../test/e2e/stage.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '20' } },
});
const runs = Number(values.runs);

const shop = await stage(SHOP);
const { scenario, production, parts } = shop;
try {
  const began = performance.now();
  const dossier = await openDossier(
    {
      store: production.store,
      deployer: production.workbench.deployer,
      sandbox: parts.sandbox,
      images: null,
      redirector: parts.agent,
    },
    await chooseOccurrence(production.store, production.incident!.id),
    {},
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
  await shop.stop();
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
