import { formatPatch, structuredPatch } from 'diff';
import { patchFromAnswer } from '../src/patch/from-answer.ts';
import { resolveAnswer } from '../src/patch/place/resolve.ts';
import { readAnswer } from '../src/patch/read/answer.ts';
import { treeOf } from '../test/corpus/patch/play.ts';

export interface Speed {
  what: string;
  said: string;
  bar: string;
  fine: boolean;
}

const RUNS = 21;
const MAX_MS = 50;
const MAX_HOSTILE_MS = 2000;
const MAX_GROWTH = 64;

/** 200 KB and 50 edits; answers that are too large, or made to take long. */
export async function measureSpeed(): Promise<Speed[]> {
  const { before, after, diff, blocks } = large();
  const speeds: Speed[] = [];
  for (const [name, answer] of [
    ['diff', diff],
    ['search/replace', blocks],
  ] as const) {
    const tree = treeOf(new Map([['src/large.js', before]]));
    const [placing, whole]: [number[], number[]] = [[], []];
    for (let i = 0; i < RUNS; i++) {
      const start = performance.now();
      const placed = await resolveAnswer(tree, readAnswer(answer)!, { asGiven: false });
      placing.push(performance.now() - start);
      if (!placed.ok || placed.edits.length !== 50) throw new Error(`${name}: not what was meant`);
      const again = performance.now();
      const patched = await patchFromAnswer(tree, answer, { git: false });
      whole.push(performance.now() - again);
      if (patched.outcome !== 'apply' || patched.changes[0]!.after!.text !== after)
        throw new Error(`${name}: not what was meant`);
    }
    const kilobytes = Math.round(before.length / 1000);
    speeds.push({
      what: `${kilobytes} KB, 50 edits, ${name}: read and placed`,
      said: `${median(placing).toFixed(0)} ms, median of ${RUNS}; ${median(whole).toFixed(0)} ms with syntax, diff and a second application`,
      bar: `≤ ${MAX_MS} ms`,
      fine: median(placing) <= MAX_MS,
    });
  }
  const huge = 'x\n'.repeat(10_000_000);
  const rss = process.memoryUsage().rss;
  const refused = await patchFromAnswer(treeOf(new Map()), huge);
  const growth = (process.memoryUsage().rss - rss) / 2 ** 20;
  speeds.push({
    what: 'an answer of 20 MB',
    said: `${refused.outcome}, ${Math.max(0, growth).toFixed(0)} MB more memory`,
    bar: `reject, ≤ ${MAX_GROWTH} MB`,
    fine: refused.outcome === 'reject' && growth <= MAX_GROWTH,
  });
  let slowest = { name: '', ms: 0 };
  for (const [name, answer] of Object.entries(HOSTILE)) {
    const start = performance.now();
    await patchFromAnswer(treeOf(new Map([['src/large.js', before]])), answer, { git: false });
    const ms = performance.now() - start;
    if (ms > slowest.ms) slowest = { name, ms };
  }
  speeds.push({
    what: `${Object.keys(HOSTILE).length} hostile answers, the slowest (${slowest.name})`,
    said: `${slowest.ms.toFixed(0)} ms`,
    bar: `≤ ${MAX_HOSTILE_MS} ms`,
    fine: slowest.ms <= MAX_HOSTILE_MS,
  });
  return speeds;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

function large(): { before: string; after: string; diff: string; blocks: string } {
  const lines: string[] = [];
  for (let i = 0; i < 5400; i++)
    lines.push(
      i % 20 === 0
        ? `function f${i}(a, b) {`
        : i % 20 === 19
          ? '}'
          : `  const value${i % 7} = compute(${i}, a.b.c);`.replace('const value', `const v${i}x`),
    );
  const changed = [...lines];
  let blocks = '';
  for (let edit = 0; edit < 50; edit++) {
    const at = edit * 100 + 5;
    changed[at] = `${lines[at]!} // changed`;
    blocks += `src/large.js\n<<<<<<< SEARCH\n${lines.slice(at - 1, at + 2).join('\n')}\n=======\n${changed.slice(at - 1, at + 2).join('\n')}\n>>>>>>> REPLACE\n`;
  }
  const [before, after] = [`${lines.join('\n')}\n`, `${changed.join('\n')}\n`];
  return {
    before,
    after,
    blocks,
    diff: formatPatch(structuredPatch('a/src/large.js', 'b/src/large.js', before, after)),
  };
}

const NAME = 'src/large.js\n';
const HOSTILE: Record<string, string> = {
  'heads of blocks': '<<<<<<< SEARCH\n'.repeat(100_000),
  'blocks that never end': `${NAME}${'<<<<<<< SEARCH\nx\n=======\n'.repeat(60_000)}`,
  'blocks that fit nowhere':
    NAME +
    Array.from(
      { length: 1500 },
      (_, i) => `<<<<<<< SEARCH\n  conts v${i} = f(${i});\n  a\n  b\n=======\ny\n>>>>>>> REPLACE\n`,
    ).join(''),
  'a line of 1 MB': `${NAME}<<<<<<< SEARCH\n${'x'.repeat(1_000_000)}\n=======\ny\n>>>>>>> REPLACE\n`,
  'white space of 1 MB': `${NAME}<<<<<<< SEARCH\n${' '.repeat(1_000_000)}x\n=======\ny\n>>>>>>> REPLACE\n`,
  'heads of hunks': `--- a/src/large.js\n+++ b/src/large.js\n${'@@ -1,3 +1,3 @@\n'.repeat(200_000)}`,
  'hunks that fit nowhere': `--- a/src/large.js\n+++ b/src/large.js\n${'@@ -1,3 +1,3 @@\n-x\n+y\n'.repeat(4900)}`,
  'heads of files': '--- a\n+++ b\n'.repeat(100_000),
  'deep JSON': '['.repeat(1_000_000),
  'quotes in JSON': `{"search": "${'"'.repeat(500_000)}`,
  fences: '```\n'.repeat(300_000),
  elisions: `${NAME}<<<<<<< SEARCH\n${'}\n...\n'.repeat(60)}=======\n${'}\n...\n'.repeat(59)}z\n...\n>>>>>>> REPLACE\n`,
  backticks: '`'.repeat(3_000_000),
  names: `${'`src/a.js` '.repeat(40)}\n`.repeat(5000),
};
