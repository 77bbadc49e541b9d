/**
 * Databases rebuilt from what was recorded of them, beside the real ones: made-up schemas and workloads on a real PostgreSQL, every
 * answer that the rebuilt state dares to give compared. `node scripts/bench-rebuilt.ts [--calls N] [--seed N] [--json]`. Ends with 1
 * when one is wrong.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../src/eval/services/postgres.ts';
import { scratchDir } from '../src/lib/scratch.ts';
import { gather, judge, type Gathered, type Tally, type Wrong } from '../test/corpus/rebuilt/play.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    each: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
    /** Folder for recordings that something was wrong with. */
    save: { type: 'string' },
    /** One of those, again. */
    only: { type: 'string' },
    reasons: { type: 'boolean', default: false },
  },
});

const FRESH_MS = 300;
if (values.only !== undefined) {
  const { wrong, reasons } = await judge(JSON.parse(await readFile(values.only, 'utf8')) as Gathered);
  console.log(JSON.stringify({ wrong, reasons: Object.fromEntries(reasons) }, null, 1));
  process.exit(wrong.length === 0 ? 0 : 1);
}
const folder = await scratchDir('bench-rebuilt');
const server = await startPostgres(join(folder, 'pg'));
try {
  process.exitCode = (await bench(Number(values.calls), Number(values.seed), Number(values.each))) ? 0 : 1;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function bench(calls: number, seed: number, each: number): Promise<boolean> {
  const byKind = new Map<string, Tally>();
  const reasons = new Map<string, number>();
  const wrong: Wrong[] = [];
  const freshMs: number[] = [];
  let done = 0;
  for (let number = 0; done < calls; number++) {
    const gathered = await gather(server, seed * 10_000 + number, each);
    const played = await judge(gathered);
    // Nobody else writes there, so what contradicts itself was misread.
    const odd = [...played.reasons.keys()].some((reason) => /follow/.test(reason));
    if (values.save !== undefined && (played.wrong.length > 0 || odd)) {
      await mkdir(values.save, { recursive: true });
      await writeFile(join(values.save, `${gathered.seed}.json`), JSON.stringify(gathered));
    }
    wrong.push(...played.wrong);
    freshMs.push(...played.freshMs);
    for (const [reason, count] of played.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    for (const [kind, tally] of played.byKind) {
      const sum = byKind.get(kind) ?? { calls: 0, dared: 0, assumed: 0 };
      byKind.set(kind, {
        calls: sum.calls + tally.calls,
        dared: sum.dared + tally.dared,
        assumed: sum.assumed + tally.assumed,
      });
      done += tally.calls;
    }
  }
  freshMs.sort((a, b) => a - b);
  const slowest = freshMs[Math.floor(freshMs.length * 0.95)] ?? 0;
  const dared = [...byKind.values()].reduce((sum, tally) => sum + tally.dared, 0);
  const fine = wrong.length === 0 && slowest <= FRESH_MS;
  if (values.json) {
    console.log(
      JSON.stringify({
        calls: done,
        dared,
        share: dared / done,
        wrong,
        byKind: Object.fromEntries(byKind),
        freshMs95: slowest,
        fine,
      }),
    );
    return fine;
  }
  console.log(
    `${done} calls (seed ${seed}), ${dared} dared (${((100 * dared) / done).toFixed(1)}%), ${wrong.length} wrong; a fresh state takes ${slowest.toFixed(0)} ms (95%)\n`,
  );
  for (const [kind, { calls: all, dared: some, assumed }] of [...byKind].sort(
    (a, b) => b[1].calls - a[1].calls,
  ))
    console.log(
      `${kind.padEnd(26)} ${String(all).padStart(6)} ${String(some).padStart(6)} ${((100 * some) / all).toFixed(0).padStart(4)}%${assumed > 0 ? `  (${assumed} with an id or moment of our own)` : ''}`,
    );
  if (values.reasons)
    for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 40))
      console.log(`${String(count).padStart(6)}  ${reason}`);
  for (const one of wrong.slice(0, 5)) console.log(JSON.stringify(one, null, 1));
  return fine;
}
