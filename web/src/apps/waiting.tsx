import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ask } from '../api/queries.ts';
import { StatusBadge, VerdictBadge } from '../ui/badge.tsx';
import { Section } from '../ui/page.tsx';
import { Asked } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

const MOST = 6;

/** What needs a person: proposals that nobody has decided on, and incidents that are not over. */
export function Waiting(): ReactNode {
  return (
    <div className="min-w-0">
      <Section title="Waiting for a decision" flush>
        <div className="px-4">
          <Asked query={ask('listProposals', { query: { limit: 200 } })} what="proposals">
            {(all) => {
              const waiting = all.filter(({ decision, verdict, pullRequest }) => {
                return decision === null && (verdict === 'verified' || pullRequest !== null);
              });
              return waiting.length === 0 ? (
                <Nothing>No proved proposal waits.</Nothing>
              ) : (
                <ul className="divide-y divide-line">
                  {waiting.slice(0, MOST).map(({ id, title, verdict, app, createdAt }) => (
                    <li key={id} className="flex flex-wrap items-center gap-x-3 py-2.5">
                      <VerdictBadge verdict={verdict} />
                      <Link
                        to="/proposals/$proposal"
                        params={{ proposal: id }}
                        className="wrap-any grow basis-48 font-semibold hover:underline"
                      >
                        {title}
                      </Link>
                      <span className="text-sm text-soft">
                        {app} · <When at={createdAt} />
                      </span>
                    </li>
                  ))}
                </ul>
              );
            }}
          </Asked>
        </div>
      </Section>
      <Section title="Incidents that are not over" flush>
        <div className="px-4">
          <Asked query={ask('listIncidents', { query: { limit: 200 } })} what="incidents">
            {(all) => {
              const open = all.filter(({ status }) => status !== 'resolved' && status !== 'ignored');
              return open.length === 0 ? (
                <Nothing>Nothing fails.</Nothing>
              ) : (
                <ul className="divide-y divide-line">
                  {open.slice(0, MOST).map(({ id, title, status, app, occurrences, lastSeen }) => (
                    <li key={id} className="flex flex-wrap items-center gap-x-3 py-2.5">
                      <StatusBadge status={status} />
                      <Link
                        to="/incidents/$incident"
                        params={{ incident: id }}
                        className="wrap-any line-clamp-2 grow basis-48 font-semibold hover:underline"
                      >
                        {title}
                      </Link>
                      <span className="text-sm text-soft">
                        {app} · {occurrences.toLocaleString('en')}× · <When at={lastSeen / 1000} />
                      </span>
                    </li>
                  ))}
                </ul>
              );
            }}
          </Asked>
        </div>
      </Section>
    </div>
  );
}

function Nothing({ children }: { children: ReactNode }): ReactNode {
  return <p className="py-3 text-sm text-soft">{children}</p>;
}
