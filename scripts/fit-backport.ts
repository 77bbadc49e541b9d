/**
 * Fits the backport desk's rules on what maintainers really picked, and writes the small table beside the rules file:
 * `node scripts/fit-backport.ts --commits FILE.jsonl [--train 2.4-3.0] [--rules haproxy] [--out FILE]`. Deterministic.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fitBackport } from '../src/eval/backport-fit.ts';
import { pickCycles, readCycles } from '../src/eval/backport-data.ts';
import { loadProject } from '../src/desks/backport/rules/project.ts';

const { values } = parseArgs({
  options: {
    commits: { type: 'string' },
    train: { type: 'string', default: '2.4-3.0' },
    rules: { type: 'string', default: 'haproxy' },
    out: { type: 'string' },
  },
});
if (values.commits === undefined) throw new Error('--commits FILE.jsonl is missing');
const project = await loadProject(values.rules);
const { cycles } = await readCycles(values.commits, new AbortController().signal);
const fitted = fitBackport(project, pickCycles(cycles, values.train));
const out =
  values.out ?? join(import.meta.dirname, `../src/desks/backport/projects/${project.name}.model.json`);
const sorted = (weights: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(weights).toSorted((a, b) => b[1] - a[1]));
const readable = {
  ...fitted,
  told: { ...fitted.told, weights: sorted(fitted.told.weights) },
  silent: { ...fitted.silent, weights: sorted(fitted.silent.weights) },
};
const text = JSON.stringify(readable, null, 2).replace(/\[\s+([\d.]+),\s+([\d.]+)\s+\]/g, '[$1, $2]');
await writeFile(out, `${text}\n`);
console.log(`${out}: ${fitted.source}; yes from ${fitted.yes}, auto from ${fitted.autoYes}`);
