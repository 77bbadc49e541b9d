import { expect, test } from 'vitest';
import type { Sandbox } from '../port.ts';
import { answer, firstLine, prepared, specOf, treeOf } from './harness.ts';

const PAST = Date.UTC(2021, 1, 28, 23, 59, 58, 500);

export function time(sandbox: Sandbox): void {
  test('the clock begins at the given time and ticks; children have it too; timers run', async () => {
    const script = `
      const { execFileSync } = require('child_process');
      const first = Date.now(), mono = performance.now();
      const child = Number(execFileSync('node', ['-p', 'Date.now()'], { encoding: 'utf8' }));
      const date = Number(execFileSync('date', ['+%s%3N'], { encoding: 'utf8' }));
      setTimeout(() => console.log(JSON.stringify({ first, child, date, last: Date.now(), passed: performance.now() - mono,
        start: performance.timeOrigin, env: Object.keys(process.env).sort() })), 50);`;
    const got = (await answer(sandbox, script, { clockMs: PAST })) as Record<string, number> & {
      env: string[];
    };
    expect(got['first']! - PAST).toBeGreaterThanOrEqual(0);
    expect(got['first']! - PAST).toBeLessThan(1000);
    expect(got['child']).toBeGreaterThanOrEqual(got['first']!);
    expect(got['date']).toBeGreaterThanOrEqual(got['child']! - 1);
    expect(got['last']).toBeGreaterThanOrEqual(got['date']! + 45);
    expect(Math.abs(got['last']! - got['first']! - got['passed']!)).toBeLessThan(50);
    expect(got.env).toEqual(['HOME', 'PATH']);
  });

  test('asked, it says whether the clock is moved', async () => {
    const tree = await treeOf({ 'main.js': 'console.log("up"); setInterval(() => {}, 1000);' });
    for (const clockMs of [PAST, undefined]) {
      const place = await prepared(sandbox, specOf(tree, { clockMs }));
      const program = await place.start();
      await firstLine(program.stdout);
      expect(await program.clock()).toBe(clockMs === undefined ? 'real' : 'recorded');
      await place.destroy();
    }
  });

  test('without a time it is the real one', async () => {
    const got = await answer(sandbox, 'console.log(JSON.stringify(Date.now()))');
    expect(Math.abs((got as number) - Date.now())).toBeLessThan(60_000);
  });
}
