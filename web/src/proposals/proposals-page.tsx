import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Proposal } from '../../../src/proposal/model.ts';
import type { ProposalSummary } from '../../../src/server/views.ts';
import type { Verdict } from '../../../src/verify/evidence.ts';
import { ask } from '../api/queries.ts';
import { Badge, VerdictBadge } from '../ui/badge.tsx';
import { PageHead } from '../ui/page.tsx';
import { Search, Select, matches } from '../ui/search.tsx';
import { Asked, Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

export interface ProposalFilter {
  verdict?: Verdict | undefined;
  q?: string | undefined;
}

export const VERDICT_NAMES: readonly Verdict[] = ['verified', 'inconclusive', 'rejected'];

export function ProposalsPage({ filter }: { filter: ProposalFilter }): ReactNode {
  const navigate = useNavigate();
  const change = (part: ProposalFilter): void =>
    void navigate({ to: '/proposals', search: { ...filter, ...part }, replace: true });
  const { verdict, q = '' } = filter;
  return (
    <>
      <PageHead title="Proposals">
        Changes that were proved against the recording, and what a person said.
      </PageHead>
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <Search label="Search proposals" value={q} onChange={(text) => change({ q: text || undefined })} />
        <Select
          label="Verdict"
          value={verdict ?? ''}
          options={[['', 'any'], ...VERDICT_NAMES.map((name) => [name, name] as const)]}
          onChange={(next) => change({ verdict: VERDICT_NAMES.find((each) => each === next) })}
        />
      </div>
      <Asked query={ask('listProposals', { query: { verdict, limit: 500 } })} what="proposals">
        {(all) => {
          const proposals = all.filter((one) =>
            matches(q, [one.title, one.why, one.app, one.id, one.engine]),
          );
          if (proposals.length > 0) return <ProposalRows proposals={proposals} />;
          return (
            <Empty>
              {all.length > 0 || verdict !== undefined ? (
                <>
                  Nothing here matches.{' '}
                  <Link to="/proposals" className="font-semibold text-accent underline">
                    Show all proposals
                  </Link>
                </>
              ) : (
                <>
                  Nothing was proposed yet. Open an incident and ask for a fix, or judge your own:{' '}
                  <code className="font-mono">npx vouch verify INCIDENT --patch FILE</code>
                </>
              )}
            </Empty>
          );
        }}
      </Asked>
    </>
  );
}

export const KINDS: Record<Proposal['kind'], string> = {
  'root-cause': 'mends the cause',
  mitigation: 'mitigates the effect',
};

type Row = Omit<ProposalSummary, 'decision'> & Partial<Pick<ProposalSummary, 'decision'>>;

export function ProposalRows({ proposals }: { proposals: readonly Row[] }): ReactNode {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
      {proposals.map(({ id, title, why, app, engine, kind, verdict, createdAt, decision, pullRequest }) => (
        <li
          key={id}
          className="relative grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 focus-within:bg-accent-wash hover:bg-sunken md:grid-cols-[8.5rem_1fr_auto_7rem]"
        >
          <span className="md:order-none">
            <VerdictBadge verdict={verdict} />
          </span>
          <div className="order-first col-span-2 min-w-0 md:order-none md:col-span-1">
            <Link
              data-row
              to="/proposals/$proposal"
              params={{ proposal: id }}
              className="wrap-any line-clamp-2 font-semibold after:absolute after:inset-0"
            >
              {title}
            </Link>
            <p className="wrap-any line-clamp-2 text-sm text-soft">{why}</p>
            <p className="text-sm text-faint">
              {[app, `engine ${engine}`, KINDS[kind]].filter(Boolean).join(' · ')}
            </p>
          </div>
          <span
            className={`flex-wrap gap-1 justify-self-end ${decision || pullRequest ? 'flex' : 'hidden md:flex'}`}
          >
            {pullRequest && !decision && <Badge tone="info">pull request</Badge>}
            {decision && <DecisionBadge decision={decision} />}
          </span>
          <span className="justify-self-end text-sm text-soft">
            <When at={createdAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}

const DECISIONS = {
  accept: { tone: 'good', icon: 'check', word: 'Accepted' },
  edit: { tone: 'info', icon: 'wrench', word: 'Edited' },
  dismiss: { tone: 'plain', icon: 'cross', word: 'Dismissed' },
} as const;

export function DecisionBadge({
  decision,
}: {
  decision: NonNullable<ProposalSummary['decision']>;
}): ReactNode {
  const { tone, icon, word } = DECISIONS[decision.decision];
  return (
    <Badge tone={tone} icon={icon}>
      <span className="max-w-60 truncate">
        {word} by {decision.by}
      </span>
    </Badge>
  );
}
