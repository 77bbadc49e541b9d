/**
 * The patch engine on made-up answers that are broken in all usual ways, beside `git apply` and `patch`; then its speed.
 * `node scripts/bench-patch.ts [--cases N] [--seed N] [--sample N] [--json] [--only N]`. Ends with 1 when a bar is missed.
 */
import { parseArgs } from 'node:util';
import { makeCase, type Case } from '../test/corpus/patch/cases.ts';
import { play, type Result } from '../test/corpus/patch/play.ts';
import { compareTools } from './bench-patch-tools.ts';
import { measureSpeed } from './bench-patch-speed.ts';
import { show, tableOf } from './bench-patch-show.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    sample: { type: 'string', default: '1000' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

export type Tally = Record<Result, number> & { open: number };

const RECOVERED = 0.97;
const seed = Number(values.seed);

if (values.only !== undefined) {
  await show(seed, Number(values.only));
} else {
  process.exitCode = (await bench(Number(values.cases), Number(values.sample))) ? 0 : 1;
}

async function bench(cases: number, sample: number): Promise<boolean> {
  const speed = await measureSpeed(); // first, while the process has nothing else in its memory
  const byForm: Record<string, Tally> = {};
  const byFault: Record<string, Tally> = {};
  const wrong: number[] = [];
  const diffs: Case[] = [];
  let [leftOut, recoverable, recovered, ran] = [0, 0, 0, 0];
  for (let number = 0; ran < cases; number++) {
    const one = makeCase(seed, number);
    if (one === null) {
      leftOut++;
      continue;
    }
    ran++;
    // git's own check takes a process each, so it runs for some
    const { result } = await play(one, { git: ran % 40 === 0 });
    const open = result === 'refused' && !one.recoverable;
    count(byForm, one.expect === 'apply' ? one.form : `${one.form}, ${one.expect}`, result, open);
    for (const fault of one.faults.length === 0 ? ['none'] : one.faults)
      count(byFault, `${one.form}: ${fault}`, result, open);
    if (result === 'wrong') wrong.push(number);
    if (one.recoverable) recoverable++;
    if (one.recoverable && result === 'exact') recovered++;
    if (one.form === 'diff' && one.expect === 'apply' && diffs.length < sample) diffs.push(one);
  }
  const tools = await compareTools(diffs);
  const share = recovered / recoverable;
  const fine = wrong.length === 0 && share >= RECOVERED && speed.every((one) => one.fine);
  if (values.json) {
    console.log(
      JSON.stringify({
        cases: ran,
        leftOut,
        wrong,
        recoverable,
        recovered,
        share,
        byForm,
        byFault,
        tools,
        speed,
        fine,
      }),
    );
    return fine;
  }
  console.log(
    `${ran} answers (seed ${seed}); ${leftOut} left out, since broken as they are they are clean ones for something else\n`,
  );
  console.log(tableOf('form', byForm));
  console.log(tableOf('form: what is wrong with it', byFault));
  console.log(tableOf(`the same ${diffs.length} diffs`, tools));
  console.log(
    `other files than were meant: ${wrong.length}${wrong.length === 0 ? '' : ` (--only ${wrong.slice(0, 10).join(', ')})`}   (bar: 0)`,
  );
  console.log(
    `recovered: ${recovered} of ${recoverable} that say enough, ${(100 * share).toFixed(2)} %   (bar: ≥ ${100 * RECOVERED} %)\n`,
  );
  for (const { what, said, bar, fine: holds } of speed)
    console.log(`${holds ? ' ' : '✗'} ${what}: ${said}   (bar: ${bar})`);
  return fine;
}

function count(tallies: Record<string, Tally>, name: string, result: Result, open: boolean): void {
  const tally = (tallies[name] ??= { exact: 0, wrong: 0, refused: 0, open: 0 });
  tally[result]++;
  if (open) tally.open++;
}
