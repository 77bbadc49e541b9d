import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Incident } from '../../../src/incident/model.ts';
import { ask } from '../api/queries.ts';
import { StatusBadge } from '../ui/badge.tsx';
import { PageHead } from '../ui/page.tsx';
import { Search, Select, matches } from '../ui/search.tsx';
import { Asked, Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

export interface IncidentFilter {
  app?: string | undefined;
  status?: Incident['status'] | undefined;
  q?: string | undefined;
}

export const STATUSES: readonly Incident['status'][] = ['open', 'fixing', 'proposed', 'resolved', 'ignored'];
const STATUS_OPTIONS = [['', 'any'], ...STATUSES.map((status) => [status, status] as const)] as const;

export function IncidentsPage({ filter }: { filter: IncidentFilter }): ReactNode {
  const navigate = useNavigate();
  const { data: apps } = useQuery(ask('listApps', {}));
  const change = (part: IncidentFilter): void =>
    void navigate({ to: '/incidents', search: { ...filter, ...part }, replace: true });
  const { app, status, q = '' } = filter;
  const names = [...new Set([...(apps?.map(({ name }) => name) ?? []), ...(app ? [app] : [])])];
  return (
    <>
      <PageHead title="Incidents">Errors that share a cause, with the traffic around them.</PageHead>
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <Search label="Search incidents" value={q} onChange={(text) => change({ q: text || undefined })} />
        <Select
          label="App"
          value={app ?? ''}
          options={[['', 'all'], ...names.map((name) => [name, name] as const)]}
          onChange={(name) => change({ app: name || undefined })}
        />
        <Select
          label="Status"
          value={status ?? ''}
          options={STATUS_OPTIONS}
          onChange={(next) => change({ status: STATUSES.find((each) => each === next) })}
        />
      </div>
      <Asked query={ask('listIncidents', { query: { app, status, limit: 500 } })} what="incidents">
        {(all) => {
          const incidents = all.filter((one) => matches(q, [one.title, one.culprit, one.app, one.id]));
          if (incidents.length > 0) return <IncidentRows incidents={incidents} />;
          return (
            <Empty>
              {all.length > 0 || app !== undefined || status !== undefined ? (
                <>
                  Nothing here matches.{' '}
                  <Link to="/incidents" className="font-semibold text-accent underline">
                    Show all incidents
                  </Link>
                </>
              ) : (
                'No error was seen. When a deployed app fails, it appears here, with the request and the calls that it made.'
              )}
            </Empty>
          );
        }}
      </Asked>
    </>
  );
}

function IncidentRows({ incidents }: { incidents: readonly Incident[] }): ReactNode {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
      {incidents.map(({ id, title, culprit, app, occurrences, lastSeen, status }) => (
        <li
          key={id}
          className="relative grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 focus-within:bg-accent-wash hover:bg-sunken md:grid-cols-[1fr_8rem_7rem_7rem]"
        >
          <div className="min-w-0">
            <Link
              data-row
              to="/incidents/$incident"
              params={{ incident: id }}
              className="wrap-any line-clamp-2 font-semibold after:absolute after:inset-0"
            >
              {title}
            </Link>
            <p className="wrap-any text-sm text-soft">
              {app} · <code className="font-mono text-[13px]">{culprit ?? 'place unknown'}</code>
            </p>
          </div>
          <span className="justify-self-end md:justify-self-start">
            <StatusBadge status={status} />
          </span>
          <span className="text-sm text-soft md:text-right">
            <strong className="text-ink tabular-nums">{occurrences.toLocaleString('en')}</strong>{' '}
            {occurrences === 1 ? 'time' : 'times'}
          </span>
          <span className="justify-self-end text-sm text-soft">
            <When at={lastSeen / 1000} />
          </span>
        </li>
      ))}
    </ul>
  );
}
