import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadProject } from '../desks/backport/rules/project.ts';
import { pickCycles, readCycles, type Cycle } from './backport-data.ts';
import { evalBackport } from './backport.ts';
import { fitLogistic } from './logistic.ts';

const haproxy = await loadProject('haproxy');
const signal = AbortSignal.timeout(20_000);

async function fileOf(lines: object[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-eval-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'commits.jsonl');
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  return file;
}

/** Of each cycle: asked and picked, asked and not, declined, silent; many times. */
function made(cycle: string, branch: string, times = 30): object[] {
  const kinds = [
    ['BUG/MINOR: a: b', `Must be backported to ${branch}.`, true],
    ['MINOR: a: c', '', false],
    ['BUG/MINOR: a: d', 'No backport needed.', false],
    ['CLEANUP: e: f', '', false],
  ] as const;
  return Array.from({ length: times * kinds.length }, (_, i) => {
    const [subject, body, picked] = kinds[i % kinds.length]!;
    return {
      sha: `${cycle.replace('.', '')}${i.toString(16).padStart(6, '0')}`.padEnd(40, 'f'),
      cycle,
      prev_stable: branch,
      date: new Date(Date.parse('2024-01-01') + i * 3_600_000).toISOString(),
      subject: `${subject} ${i}`,
      body,
      tag: subject.split(':')[0],
      files: [['src/a.c', 1, 1]],
      backported_prev: picked,
      to: picked ? [branch] : [],
    };
  });
}

async function cyclesOf(): Promise<Cycle[]> {
  const file = await fileOf([...made('2.8', '2.7'), ...made('2.9', '2.8'), ...made('3.0', '2.9')]);
  return (await readCycles(file, signal)).cycles;
}

describe('eval backport', () => {
  it('fits on some cycles and measures on others, against three baselines', async () => {
    const report = evalBackport(haproxy, await cyclesOf(), { train: '2.8-2.9' }, Date.now());
    expect(report.cycles).toEqual(['3.0']);
    expect(report.model).toMatch(/^cycles 2\.8, 2\.9: 240 commits/);
    expect(report.overall).toEqual({ commits: 120, picked: 30, precision: 1, recall: 1, f1: 1 });
    expect(report.byCycle['3.0']).toEqual(report.overall);
    expect(report.silent).toMatchObject({ commits: 60, picked: 0 });
    expect(report.baselines.bugTag.precision).toBe(0.5);
    expect(report.baselines.word.precision).toBe(0.5);
    expect(report.baselines.sentences.f1).toBe(1);
    expect(report.calibration.reduce((sum, bin) => sum + bin.commits, 0)).toBe(120);
    expect(report.msPerCommit).toBeGreaterThan(0);
  });

  it('does not measure what it was fitted on, and knows which cycles there are', async () => {
    const cycles = await cyclesOf();
    const run = (train: string, validate?: string) => (): unknown =>
      evalBackport(haproxy, cycles, { train, ...(validate === undefined ? {} : { validate }) }, 0);
    expect(run('2.8-3.0', '3.0')).toThrow('cycle 3.0: cannot be trained on and validate');
    expect(run('2.8-3.0')).toThrow('no cycle is left to measure');
    expect(run('2.7')).toThrow('cycle 2.7: not in the file, which has 2.8, 2.9, 3.0');
    expect(pickCycles(cycles, '2.8,2.9-3.0').map(({ name }) => name)).toEqual(['2.8', '2.9', '3.0']);
  });

  it('says which commit has no labels', async () => {
    const file = await fileOf([{ sha: 'a'.repeat(40), date: '2024-01-01', subject: 's' }]);
    await expect(readCycles(file, signal)).rejects.toThrow(/commit aaaaaaaaaaaa: cycle: /);
  });
});

describe('fitLogistic', () => {
  it('finds what tells apart, and leaves out what is seen too seldom', () => {
    const examples = Array.from({ length: 200 }, (_, i) => ({
      features: new Map([
        [i % 2 === 0 ? 'even' : 'odd', 1],
        ...(i < 3 ? [['rare', 1] as const] : []),
        ...(i % 5 === 0 ? [['noise', 1] as const] : []),
      ]),
      label: i % 2 === 0 ? i % 20 !== 0 : i % 19 === 0,
    }));
    const { weights } = fitLogistic(examples);
    expect(weights['even']).toBeGreaterThan(1);
    expect(weights['odd']).toBeLessThan(-1);
    expect(weights).not.toHaveProperty('rare');
    expect(fitLogistic(examples)).toEqual(fitLogistic(examples));
  });
});
