import { expect, test } from 'vitest';
import { makeCase } from '../../test/corpus/patch/cases.ts';
import { filesAfter, play, sameFiles, treeOf } from '../../test/corpus/patch/play.ts';
import { patchFromAnswer } from './from-answer.ts';

const CASES = 1000;
const SEED = 20;

// `npm run bench:patch` does the same with twenty thousand, and with git's and patch's results beside ours.
test(`of ${CASES} answers, broken in all usual ways, none makes another file than was meant`, async () => {
  const wrong: number[] = [];
  const again: number[] = [];
  let recoverable = 0;
  let recovered = 0;
  for (let number = 0; number < CASES; number++) {
    const one = makeCase(SEED, number);
    if (one === null) continue;
    const { result, files } = await play(one);
    if (result === 'wrong') wrong.push(number);
    if (one.recoverable) {
      recoverable++;
      if (result === 'exact') recovered++;
    }
    if (result !== 'exact' || files === null) continue;
    const second = filesAfter(files, await patchFromAnswer(treeOf(files), one.answer, { git: false }));
    if (one.form !== 'tool' && second !== null && !sameFiles(second, files)) again.push(number);
  }
  expect({ wrong, again }).toEqual({ wrong: [], again: [] });
  expect(recoverable).toBeGreaterThan(CASES / 2);
  expect(recovered / recoverable).toBeGreaterThanOrEqual(0.97);
}, 60_000);
