/**
 * The backport desk on a made-up history of real size: reading and telling it, once and once more; what a try of a pick costs; how well
 * tries tell which picks take hands. Messages come from `--messages FILE.jsonl`, such as the one that the rules were fitted on.
 *
 *   npm run bench:backport -- --messages FILE.jsonl [--commits 20000] [--tried 2000] [--seed 1] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCommitsFile } from '../src/desks/backport/commits-file.ts';
import { openHistory, triageHistory, tryVerdicts, type Effects } from '../src/desks/backport/desk.ts';
import { storedCache } from '../src/desks/backport/history/cache.ts';
import { loadProject } from '../src/desks/backport/rules/project.ts';
import { scorePicks } from '../src/eval/picks.ts';
import { openStore } from '../src/store/store.ts';
import { makeHistory, pickOnto } from '../test/corpus/backport/history.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string' },
    commits: { type: 'string', default: '20000' },
    tried: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
if (values.messages === undefined) throw new Error('--messages FILE.jsonl is missing');

const BAR = { secondsForAll: 60, msForOne: 100 };
const { signal } = new AbortController();
const root = await mkdtemp(join(tmpdir(), 'vouch-bench-backport-'));
try {
  const { commits: messages } = await readCommitsFile(values.messages, { signal });
  const figures = { ...(await large(messages)), ...(await small(messages)) };
  const fine = figures.firstSeconds <= BAR.secondsForAll && figures.tryMsMean <= BAR.msForOne;
  process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : show(figures));
  process.exitCode = fine ? 0 : 1;
} finally {
  await rm(root, { recursive: true, force: true });
}

type Messages = Awaited<ReturnType<typeof readCommitsFile>>['commits'];

/** All of it, without tries. */
async function large(
  messages: Messages,
): Promise<Record<'commits' | 'firstSeconds' | 'secondSeconds', number>> {
  const folder = join(root, 'large');
  const commits = Number(values.commits);
  await makeHistory({ folder, commits, seed: Number(values.seed), messages });
  const first = await timed(() => tell(folder, 'large-data'));
  const second = await timed(() => tell(folder, 'large-data'));
  return { commits: first.value.length, firstSeconds: first.seconds, secondSeconds: second.seconds };
}

async function tell(folder: string, data: string): Promise<unknown[]> {
  return withEffects(data, async (effects) => {
    const project = await loadProject('haproxy');
    const opened = await openHistory(folder, 'v3.0..master', ['3.0'], effects);
    return triageHistory(project, opened, { now: Date.now(), past: [], signal });
  });
}

/** A shorter history whose branch has picks, with tries. */
async function small(messages: Messages): Promise<Record<string, number | null> & { tryMsMean: number }> {
  const folder = join(root, 'small');
  const wanted = Number(values.tried);
  await makeHistory({ folder, commits: wanted, seed: Number(values.seed) + 1, messages });
  return withEffects('small-data', async (effects) => {
    const project = await loadProject('haproxy');
    const opened = await openHistory(folder, 'v3.0..master', ['3.0'], effects);
    const verdicts = await triageHistory(project, opened, { now: Date.now(), past: [], signal });
    let tries = 0;
    const first = await timed(() =>
      tryVerdicts(opened, verdicts, ({ verdict }) => verdict === 'yes', effects),
    );
    for (const { conflicts } of first.value) if (conflicts !== null) tries++;
    const again = await timed(() =>
      tryVerdicts(opened, verdicts, ({ verdict }) => verdict === 'yes', effects),
    );
    const conflicts = first.value.filter((one) => (one.conflicts?.length ?? 0) > 0);
    const picked = verdicts.filter(({ verdict }) => verdict === 'yes').map(({ sha }) => sha);
    await pickOnto(folder, picked);
    const [score] = await scorePicks(await openHistory(folder, 'v3.0..master', ['3.0'], effects), {
      ...effects,
      folder: join(root, 'score'),
    });
    return {
      tried: tries,
      tryMsMean: (first.seconds * 1000) / tries,
      triedAgainMsMean: (again.seconds * 1000) / tries,
      inConflict: conflicts.length,
      withPrerequisite: conflicts.filter(({ prerequisites }) => prerequisites.length > 0).length,
      picks: score!.picks,
      neededHands: score!.neededHands,
      predicted: score!.predicted,
      precision: score!.precision,
      recall: score!.recall,
    };
  });
}

async function withEffects<T>(data: string, work: (effects: Effects) => Promise<T>): Promise<T> {
  const store = await openStore(join(root, data));
  try {
    return await work({ cache: storedCache(store), folder: store.folder, signal, onProgress: () => {} });
  } finally {
    await store.close();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const began = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - began) / 1000 };
}

function show(figures: Record<string, number | null>): string {
  const digits = (value: number | null): string =>
    value === null ? '-' : Number.isInteger(value) ? String(value) : value.toFixed(2);
  return Object.entries(figures)
    .map(([name, value]) => `${name.padEnd(20)}${digits(value)}\n`)
    .join('');
}
