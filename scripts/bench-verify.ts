/**
 * How long a verdict takes, and whether it is always the same: the shop's reference fix judged again and again on `local`, neighbours,
 * variants and the app's own tests included. What is made once per incident (two unpatched runs of everything) is timed apart. Then a fix that
 * goes past the fault, with rebuilt state and without, in turns.
 *
 *   npm run bench:verify [-- --json] [-- --runs N]
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { chooseOccurrence, openDossier, type Dossier } from '../src/desks/fix/dossier.ts';
import type { Sources } from '../src/desks/fix/model.ts';
import { applyPatch } from '../src/patch/apply.ts';
import type { Changes } from '../src/verify/case.ts';
import { judge, type Judgement } from '../src/verify/judge.ts';
import { SCENARIOS, SHOP, stage, type Stage } from '../test/e2e/stage.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '20' } },
});
const runs = Number(values.runs);

const PAST_THE_FAULT = join(SCENARIOS, 'seats-transaction-goes-on');

const shop = await stage(SHOP);
try {
  const began = performance.now();
  const { dossier, changes } = await open(shop);
  const once = (performance.now() - began) / 1000;
  const seconds: number[] = [];
  const verdicts = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    const judgement = await judge(dossier.case, dossier.baseline, changes);
    seconds.push(judgement.seconds);
    verdicts.set(signature(judgement), (verdicts.get(signature(judgement)) ?? 0) + 1);
    if (!values.json) process.stderr.write('.');
  }
  await dossier.case.states?.close();
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
    rebuilt: await besideRebuilt(),
    bars: { medianAtMost3Seconds: median <= 3, allAgree: verdicts.size === 1 },
  };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `\n${table(result)}\n`);
  if (!result.bars.medianAtMost3Seconds || !result.bars.allAgree || !result.rebuilt.atMost1_5)
    process.exitCode = 1;
} finally {
  await shop.stop();
}

async function open(
  { scenario, production, parts }: Stage,
  sources: Sources = {},
): Promise<{ dossier: Dossier; changes: Changes }> {
  const dossier = await openDossier(
    {
      store: production.store,
      deployer: production.workbench.deployer,
      sandbox: parts.sandbox,
      images: null,
      redirector: parts.agent,
    },
    await chooseOccurrence(production.store, production.incident!.id),
    sources,
    { signal: new AbortController().signal, onProgress: () => {} },
  );
  const applied = await applyPatch(dossier.tree, scenario.fix!);
  if (!applied.ok) throw new Error(applied.reason);
  return { dossier, changes: applied.changes };
}

/** Seconds. */
interface Beside {
  oncePerIncident: { with: number; without: number };
  first: number;
  with: number;
  without: number;
  ratio: number;
  atMost1_5: boolean;
}

/** Medians of verdicts with rebuilt state and without, in turns; the first one with it starts its server. */
async function besideRebuilt(): Promise<Beside> {
  const staged = await stage(PAST_THE_FAULT);
  try {
    const timed = async (
      sources: Sources,
    ): Promise<{ opened: Awaited<ReturnType<typeof open>>; seconds: number }> => {
      const began = performance.now();
      return { opened: await open(staged, sources), seconds: (performance.now() - began) / 1000 };
    };
    // The first one finds cold caches.
    await timed({ rebuilt: false });
    const [recordedOnce, rebuiltOnce] = [await timed({ rebuilt: false }), await timed({})];
    const [rebuilt, recorded] = [rebuiltOnce.opened, recordedOnce.opened];
    const once = async ({ dossier, changes }: typeof rebuilt): Promise<number> =>
      (await judge(dossier.case, dossier.baseline, changes)).seconds;
    const first = await once(rebuilt);
    const [withIt, without]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      withIt.push(await once(rebuilt));
      without.push(await once(recorded));
    }
    await rebuilt.dossier.case.states?.close();
    const [a, b] = [withIt, without].map((all) => all.toSorted((x, y) => x - y)[Math.floor(runs / 2)]!);
    const ratio = round(a! / b!);
    const oncePerIncident = { with: round(rebuiltOnce.seconds), without: round(recordedOnce.seconds) };
    return {
      oncePerIncident,
      first: round(first),
      with: round(a!),
      without: round(b!),
      ratio,
      atMost1_5: ratio <= 1.5,
    };
  } finally {
    await staged.stop();
  }
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
