import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { AppView } from '../../../src/server/views.ts';
import { ask } from '../api/queries.ts';
import { Badge } from '../ui/badge.tsx';

/** Whether production runs it: the newest state of its deployments. */
export function Health({ app }: { app: AppView }): ReactNode {
  const { data } = useQuery(ask('listDeployments', { params: { app: app.name }, query: { limit: 10 } }));
  if (!app.current) return <Badge icon="dash">nothing deployed</Badge>;
  if (!data) return null;
  const states = new Set(data.filter(({ endedAt }) => endedAt === null).map(({ state }) => state));
  if (states.has('running'))
    return (
      <Badge tone="good" icon="check">
        healthy
      </Badge>
    );
  if (states.has('starting'))
    return (
      <Badge tone="info" icon="wrench">
        starting
      </Badge>
    );
  if (data.some(({ state }) => state === 'crash-loop'))
    return (
      <Badge tone="bad" icon="cross">
        keeps crashing
      </Badge>
    );
  return (
    <Badge tone="bad" icon="cross">
      not running
    </Badge>
  );
}
