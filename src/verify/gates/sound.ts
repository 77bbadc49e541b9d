import { holds, rejects, type Gate } from '../facts.ts';

/** It parses, type-checks where the app does, and stays inside the patch policy. */
export const sound: Gate = ({ baseline, changes, policy, types }) => {
  if (Object.keys(changes).length === 0) return rejects('sound', 'the patch changes nothing');
  if (policy.length > 0) return rejects('sound', policy.slice(0, 3).join('; '));
  if (baseline.types?.passed && types && !types.passed)
    return rejects('sound', `no longer type-checks: ${types.detail}`);
  return holds(
    'sound',
    baseline.types?.passed
      ? 'parses, type-checks, inside the patch policy'
      : 'parses, inside the patch policy',
  );
};
