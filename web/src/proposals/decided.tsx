import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode } from 'react';
import type { Decision } from '../../../src/proposal/model.ts';
import type { ProposalDetail } from '../../../src/server/views.ts';
import { call } from '../api/client.ts';
import { ask, queryClient } from '../api/queries.ts';
import { clock } from '../lib/time.ts';
import { useRefusal } from '../lib/role.ts';
import { Button } from '../ui/button.tsx';
import { Copyable } from '../ui/copy.tsx';
import { Section } from '../ui/page.tsx';
import { When } from '../ui/when.tsx';
import { WorkReport } from '../ui/work.tsx';
import { Followed, type DecisionWork } from './decide.tsx';
import { DecisionBadge } from './proposals-page.tsx';

/** The decision, what came of it, and how to take it back. */
export function Decided({
  proposal,
  decision,
  work,
}: {
  proposal: ProposalDetail;
  decision: Decision;
  work: DecisionWork;
}): ReactNode {
  const refusal = useRefusal();
  const { app, incident } = proposal;
  const here = useRef<HTMLDivElement>(null);
  const justDecided = useRef(work.state !== 'idle');
  useEffect(() => {
    // The form that was used is gone: what came of it is here.
    if (justDecided.current) here.current?.focus();
  }, []);
  const again = async (): Promise<void> => {
    await work.run((watch) => call('follow', { params: { proposal: proposal.id } }, watch));
    await queryClient.invalidateQueries();
  };
  const unfinished =
    decision.decision === 'accept' &&
    incident !== null &&
    incident.status !== 'resolved' &&
    work.state !== 'running';
  return (
    <div ref={here} tabIndex={-1} className="scroll-mt-16 outline-none">
      <Section title="Decision">
        <p className="flex flex-wrap items-center gap-3">
          <DecisionBadge decision={decision} />
          <span className="text-sm text-soft">
            <When at={decision.at} />
          </span>
          {decision.why !== null && <q className="wrap-any">{decision.why}</q>}
        </p>
        <WorkReport work={work} />
        <Followed work={work} />
        {unfinished && (
          <div className="mt-3 flex flex-wrap items-center gap-3">
            <Button kind="primary" refused={refusal} onClick={() => void again()}>
              Merge and deploy now
            </Button>
            <span className="text-sm text-soft">The incident is still {incident.status}.</span>
          </div>
        )}
        {decision.decision === 'edit' && <ByHand proposal={proposal} />}
        {decision.decision === 'accept' && app !== null && (
          <div className="mt-4 border-t border-line pt-3 text-sm">
            <h3 className="mb-1 font-semibold">How to undo it</h3>
            <p className="mb-2 text-soft">This puts the release before back at once:</p>
            <Copyable label="the command that undoes it" text={`npx vouch rollback ${app}`} />
            <p className="mt-2 text-soft">
              Then revert the merge (<code className="font-mono">git revert -m 1 COMMIT</code>), so that the
              next deploy keeps it out.
            </p>
          </div>
        )}
      </Section>
    </div>
  );
}

function ByHand({ proposal }: { proposal: ProposalDetail }): ReactNode {
  const { pullRequest, app, subject } = proposal;
  const { data } = useQuery({ ...ask('getApp', { params: { app: app ?? '' } }), enabled: app !== null });
  return (
    <div className="mt-4 space-y-2 border-t border-line pt-3 text-sm">
      <h3 className="font-semibold">Go on by hand</h3>
      {pullRequest && data && (
        <Copyable
          label="the command that fetches the branch"
          text={`git fetch ${data.remote} ${pullRequest.branch}`}
        />
      )}
      <p className="text-soft">Judge what you make of it as this was judged:</p>
      <Copyable label="the command that judges a patch" text={`npx vouch verify ${subject} --patch FILE`} />
    </div>
  );
}

export function Audit({ audit }: { audit: ProposalDetail['audit'] }): ReactNode {
  if (audit.length === 0) return null;
  return (
    <Section title="Audit trail">
      <ol className="space-y-1.5 text-sm">
        {audit.map(({ id, at, actor, action, detail }) => (
          <li key={id} className="wrap-any">
            <span className="text-soft">{clock(at)}</span> <strong>{actor}</strong> {action}{' '}
            <code className="font-mono text-xs text-faint">{JSON.stringify(detail)}</code>
          </li>
        ))}
      </ol>
    </Section>
  );
}
