import { holds, unsure, type Gate } from '../facts.ts';

export const reproduced: Gate = ({ at }) => {
  if (at.notReproduced !== null) return unsure('reproduced', at.notReproduced);
  const before = at.prefix.length === 0 ? '' : `, after ${at.prefix.length} earlier requests`;
  const beside = at.together.length === 0 ? '' : `, together with ${at.together.length} that overlapped it`;
  return holds(
    'reproduced',
    `the unpatched code raised ${at.error.type} in ${at.unpatched.length} of ${at.unpatched.length} fresh sandboxes${before}${beside}`,
  );
};
