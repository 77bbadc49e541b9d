import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Summary } from '../../src/eval/run.ts';
import type { Score } from '../../src/eval/score.ts';
import { NOT_A_CODE_BUG } from '../../src/eval/scenario.ts';
import { isRoot, vouch, environment, type Finished } from '../integration/server-setup.ts';
import { needs } from '../needs.ts';
import { SCENARIOS } from './stage.ts';

const HALF_AN_HOUR = 1_800_000;

needs(isRoot, 'root, for namespaces and the kernel tap')('the scenarios', () => {
  let finished: Finished;
  let scores: Score[];
  let summary: Summary;

  beforeAll(async () => {
    const npm = Object.entries(process.env).filter(([name]) =>
      /^npm_config_|^NODE_EXTRA_CA_CERTS$/i.test(name),
    );
    const env = environment({
      HOME: process.env['HOME'] ?? '',
      ...(Object.fromEntries(npm) as Record<string, string>),
    });
    finished = await vouch(['eval', 'fix', '--suite', SCENARIOS, '--json'], { env });
    const lines = finished.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Score | Summary);
    summary = lines.pop() as Summary;
    scores = lines as Score[];
  }, HALF_AN_HOUR);
  afterAll(() => {
    for (const { scenario, verified, correct, offered, reason, seconds } of scores ?? []) {
      process.stdout.write(
        `${scenario}: ${correct ? 'correct' : offered ? 'offered' : verified ? 'FALSE' : 'no fix'} ${seconds.toFixed(1)} s ${reason ?? ''}\n`,
      );
    }
  });

  it('are at least twelve, of eight classes', () => {
    expect(scores.length).toBeGreaterThanOrEqual(12);
    expect(new Set(scores.map((score) => score.class)).size).toBeGreaterThanOrEqual(8);
  });

  it('that are bugs of the code all fail in replay as they failed in production', () => {
    expect(
      scores
        .filter((score) => score.class !== NOT_A_CODE_BUG && !score.reproduced)
        .map(({ scenario, reason }) => ({ scenario, reason })),
    ).toEqual([]);
  });

  it('never get a wrong fix verified', () => {
    expect(
      scores
        .filter(({ falseVerified }) => falseVerified)
        .map(({ scenario, reason }) => ({ scenario, reason })),
    ).toEqual([]);
    expect(finished.code).toBe(0);
  });

  it('get right fixes verified that go past the fault, which recorded answers alone cannot', () => {
    const past = scores.filter(({ asRecorded }) => asRecorded !== undefined);
    expect(past.length).toBeGreaterThanOrEqual(6);
    expect(past.filter(({ correct }) => correct).length).toBeGreaterThanOrEqual(3);
    expect(summary.asRecorded).toMatchObject({ falseVerified: 0 });
    expect(summary.asRecorded!.correct).toBeLessThan(summary.correct);
  });

  it('get a correct fix, or have one offered, at least every second time', () => {
    expect(summary.correct + summary.offered).toBeGreaterThanOrEqual(Math.ceil(summary.codeBugs / 2));
  });
});
