import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Output } from '../api/routes.ts';
import { ask } from '../api/queries.ts';
import { took } from '../lib/time.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import type { IconName } from '../ui/icons.tsx';
import { Asked } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

type Deployment = Output<'listDeployments'>[number];

const STATES: Record<Deployment['state'], { tone: Tone; icon: IconName; word: string }> = {
  starting: { tone: 'info', icon: 'wrench', word: 'starting' },
  running: { tone: 'good', icon: 'check', word: 'running' },
  draining: { tone: 'info', icon: 'dash', word: 'draining' },
  stopped: { tone: 'plain', icon: 'dash', word: 'stopped' },
  'crash-loop': { tone: 'bad', icon: 'cross', word: 'keeps crashing' },
};

export function Deployments({ app, limit }: { app: string; limit: number }): ReactNode {
  const { data: releases } = useQuery(ask('listReleases', { params: { app } }));
  const versions = new Map(releases?.map(({ id, version }) => [id, version]));
  return (
    <Asked query={ask('listDeployments', { params: { app }, query: { limit } })} what="deployments">
      {(deployments) =>
        deployments.length === 0 ? (
          <p className="text-sm text-faint">None yet.</p>
        ) : (
          <ul className="divide-y divide-line text-sm">
            {deployments.map(({ id, release, state, startedAt, endedAt, reason }) => (
              <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 py-1.5">
                <Badge tone={STATES[state].tone} icon={STATES[state].icon}>
                  {STATES[state].word}
                </Badge>
                <strong>{versions.get(release) ?? release}</strong>
                <span className="text-soft">
                  started <When at={startedAt} />
                  {endedAt !== null && <>, ran {took(endedAt - startedAt)}</>}
                </span>
                {reason !== null && <span className="wrap-any text-soft">{reason}</span>}
              </li>
            ))}
          </ul>
        )
      }
    </Asked>
  );
}
