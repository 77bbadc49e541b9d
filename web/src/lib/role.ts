import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/queries.ts';

/** Why this person may not change anything, or undefined. The server decides; this only says it before it is tried. */
export function useRefusal(): string | undefined {
  const { data: me } = useQuery(ask('me', {}));
  if (!me) return 'Loading who you are';
  return me.role === 'viewer' ? 'Your token may only look; a maintainer may do this' : undefined;
}
