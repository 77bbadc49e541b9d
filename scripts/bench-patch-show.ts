import { formatPatch, structuredPatch } from 'diff';
import { makeCase } from '../test/corpus/patch/cases.ts';
import { play } from '../test/corpus/patch/play.ts';
import type { Tally } from './bench-patch.ts';

/** Rows sorted by name, in columns. `open` are refused ones that do not say enough for anybody. */
export function tableOf(head: string, tallies: Readonly<Record<string, Tally>>): string {
  const rows = Object.entries(tallies).sort(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(head.length, ...rows.map(([name]) => name.length));
  const line = (cells: readonly string[]): string =>
    `${cells[0]!.padEnd(width)} ${cells
      .slice(1)
      .map((cell) => cell.padStart(9))
      .join('')}`;
  return `${[
    line([head, 'exact', 'wrong', 'refused', 'of them', 'open']).replace('  of them     open', '   (open)'),
    ...rows.map(([name, tally]) =>
      line([name, `${tally.exact}`, `${tally.wrong}`, `${tally.refused}`, `(${tally.open})`]),
    ),
  ].join('\n')}\n`;
}

/** One case, as it is: the answer, what came of it, and how that differs from what was meant. */
export async function show(seed: number, number: number): Promise<void> {
  const one = makeCase(seed, number);
  if (one === null) {
    console.log(`case ${number} of seed ${seed} is left out`);
    return;
  }
  const { result, files, patched } = await play(one);
  console.log(`${one.form}: ${one.faults.join(', ') || 'clean'}; expected: ${one.expect}; ${result}\n`);
  console.log(one.answer);
  if (patched.outcome === 'reject') console.log(`refused: ${patched.refusals.join('\n')}`);
  else console.log(patched.repairs.map((repair) => `repaired: ${repair.text}`).join('\n'));
  for (const [path, text] of one.after) {
    const got = files?.get(path) ?? '';
    if (files !== null && got !== text)
      console.log(formatPatch(structuredPatch(`meant/${path}`, `got/${path}`, text, got)));
  }
}
