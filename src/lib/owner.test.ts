import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ownerMark, ownerOf } from './owner.ts';

test('a living process owns what has its mark; the same id with another start time does not', () => {
  const mark = ownerMark();
  expect(ownerOf(`${mark}-something`)).toEqual({ mark, alive: true });
  expect(ownerOf(mark)).toEqual({ mark, alive: true });
  expect(ownerOf(`${process.pid}-1-something`)).toEqual({ mark: `${process.pid}-1`, alive: false });
});

test('a process that has ended owns nothing', async () => {
  const child = spawn('sleep', ['1000']);
  await once(child, 'spawn');
  const mark = ownerMark(child.pid);
  expect(ownerOf(mark)?.alive).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(ownerOf(mark)?.alive).toBe(false);
});

test.each(['', 'x', '12', '12-', '-12', '12-34x', 'a12-34'])('%j has no mark', (name) => {
  expect(ownerOf(name)).toBeUndefined();
});
