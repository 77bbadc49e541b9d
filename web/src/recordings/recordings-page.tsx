import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ask } from '../api/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { PageHead } from '../ui/page.tsx';
import { Select } from '../ui/search.tsx';
import { Asked, Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

export function RecordingsPage({ app }: { app: string | undefined }): ReactNode {
  const navigate = useNavigate();
  const { data: apps } = useQuery(ask('listApps', {}));
  const names = [...new Set([...(apps?.map(({ name }) => name) ?? []), ...(app ? [app] : [])])];
  return (
    <>
      <PageHead title="Recordings">
        Slices of traffic that were pinned for an incident, so that they can be replayed.
      </PageHead>
      <div className="mb-4">
        <Select
          label="App"
          value={app ?? ''}
          options={[['', 'all'], ...names.map((name) => [name, name] as const)]}
          onChange={(name) =>
            void navigate({ to: '/recordings', search: { app: name || undefined }, replace: true })
          }
        />
      </div>
      <Asked query={ask('listRecordings', { query: { app, limit: 500 } })} what="recordings">
        {(recordings) =>
          recordings.length === 0 ? (
            <Empty>
              Nothing is pinned yet. When an app fails, the traffic around the failure is kept here.
            </Empty>
          ) : (
            <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
              {recordings.map(({ id, app: of, failing, confidence, createdAt }) => (
                <li
                  key={id}
                  className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 focus-within:bg-accent-wash hover:bg-sunken"
                >
                  <Link
                    data-row
                    to="/recordings/$recording"
                    params={{ recording: id }}
                    className="font-mono text-sm font-semibold after:absolute after:inset-0"
                  >
                    {id}
                  </Link>
                  <span className="grow text-soft">{of}</span>
                  {failing === null ? (
                    <Badge tone="unsure" icon="question">
                      no failing request found
                    </Badge>
                  ) : (
                    <span className="text-sm text-soft">confidence {Math.round(confidence * 100)} %</span>
                  )}
                  <span className="text-sm text-soft">
                    <When at={createdAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </>
  );
}
