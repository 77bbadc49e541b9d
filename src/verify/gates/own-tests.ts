import { holds, rejects, type Gate } from '../facts.ts';

/** The app's tests that passed before still pass. Silent where there are none, or where they failed before. */
export const ownTests: Gate = ({ baseline, tests }) => {
  if (!baseline.tests?.passed || !tests) return null;
  return tests.passed
    ? holds('own tests', tests.detail)
    : rejects('own tests', `passed before, fail now: ${tests.detail}`);
};
