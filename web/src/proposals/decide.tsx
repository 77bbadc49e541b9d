import { useId, useState, type ReactNode } from 'react';
import type { Decision } from '../../../src/proposal/model.ts';
import type { ProposalDetail } from '../../../src/server/views.ts';
import { call } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import type { Output } from '../api/routes.ts';
import { useRemembered } from '../lib/remember.ts';
import { useRefusal } from '../lib/role.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Section } from '../ui/page.tsx';
import { WorkReport, type Work, type useWork } from '../ui/work.tsx';

type Result = Output<'decide'>;
export type DecisionWork = ReturnType<typeof useWork<Result>>;

/** A person says what becomes of the proposal. Nothing is decided by nobody: the name comes first. */
export function Decide({ proposal, work }: { proposal: ProposalDetail; work: DecisionWork }): ReactNode {
  const [by, setBy] = useRemembered('name');
  const [why, setWhy] = useState('');
  const [merge, setMerge] = useState(true);
  const [confirming, setConfirming] = useState(false);
  const refusal = useRefusal();
  const ids = { name: useId(), why: useId() };
  const name = by.trim();
  const refused = refusal ?? (name === '' ? 'Say who decides first' : undefined);
  const running = work.state === 'running';
  const decide = async (decision: Decision['decision']): Promise<void> => {
    const body = { decision, by: name, why: why.trim() || undefined, merge };
    await work.run((watch) => call('decide', { params: { proposal: proposal.id }, body }, watch));
    setConfirming(false);
    await queryClient.invalidateQueries();
  };
  const doubtful = proposal.verdict !== 'verified';
  return (
    <Section title="Decide">
      <div className="grid gap-3 sm:grid-cols-2">
        <div>
          <label htmlFor={ids.name} className="text-sm font-semibold">
            Your name
          </label>
          <input
            id={ids.name}
            value={by}
            maxLength={200}
            autoComplete="name"
            onChange={(event) => setBy(event.target.value)}
            className="mt-1 w-full rounded-md border border-line-strong bg-panel px-3 py-1.5"
          />
        </div>
        <div>
          <label htmlFor={ids.why} className="text-sm font-semibold">
            Why <span className="font-normal text-faint">(optional; it is kept, and learned from)</span>
          </label>
          <input
            id={ids.why}
            value={why}
            maxLength={4000}
            onChange={(event) => setWhy(event.target.value)}
            className="mt-1 w-full rounded-md border border-line-strong bg-panel px-3 py-1.5"
          />
        </div>
      </div>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <Button
          kind="primary"
          refused={refused}
          disabled={running || proposal.verdict === 'rejected'}
          onClick={() => setConfirming(true)}
        >
          <Icon name="check" /> Accept…
        </Button>
        <Button
          refused={refused}
          disabled={running}
          title="Right in the idea; you go on from it by hand"
          onClick={() => void decide('edit')}
        >
          <Icon name="wrench" /> Edit by hand
        </Button>
        <Button kind="danger" refused={refused} disabled={running} onClick={() => void decide('dismiss')}>
          <Icon name="cross" /> Dismiss
        </Button>
        <label className="ml-1 flex items-center gap-1.5 text-sm">
          <input
            type="checkbox"
            checked={merge}
            onChange={(event) => setMerge(event.target.checked)}
            className="size-4 accent-accent"
          />
          merge and deploy what is accepted
        </label>
      </div>
      {(refused !== undefined || proposal.verdict === 'rejected') && (
        <p className="mt-2 text-sm text-soft">{refused ?? 'What was rejected cannot be accepted'}.</p>
      )}
      {!confirming && <WorkReport work={work} />}
      <Dialog
        title={merge ? 'Merge and deploy this change?' : 'Accept this change?'}
        open={confirming}
        onClose={() => setConfirming(false)}
      >
        {doubtful && (
          <p className="mb-3 rounded-md bg-unsure-wash p-3 font-semibold text-unsure">
            <Icon name="alert" /> This is not verified. What could not be shown is on the page behind this.
          </p>
        )}
        <p className="wrap-any">
          <strong>{name}</strong> accepts “{proposal.title}”
          {merge ? (
            <>
              : its branch is merged, built, checked, and takes the traffic of <strong>{proposal.app}</strong>
              . The release that runs now stays one command away.
            </>
          ) : (
            '. It is written down; nothing is merged or deployed.'
          )}
        </p>
        <WorkReport work={work} />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={() => setConfirming(false)} disabled={running}>
            Cancel
          </Button>
          <Button kind="primary" disabled={running} onClick={() => void decide('accept')}>
            {merge ? 'Merge and deploy' : 'Accept'}
          </Button>
        </div>
      </Dialog>
    </Section>
  );
}

/** What followed the decision just made, while this page is open. */
export function Followed({ work }: { work: Work<Result> }): ReactNode {
  const followed = work.result?.followed;
  if (!followed) return null;
  const said = [
    ...(followed.merged ? [`merged as ${followed.merged.commit.slice(0, 8)}`] : []),
    ...(followed.release ? [`${followed.release.version} is deployed`] : []),
    ...(followed.closed ? ['the pull request is closed'] : []),
  ];
  return (
    <div role="status" className="mt-3">
      {said.length > 0 && (
        <p className="font-semibold text-good">
          <Icon name="check" /> {said.join(', ')}
        </p>
      )}
      {followed.error !== null && (
        <p className="wrap-any font-semibold text-bad">
          <Icon name="alert" /> The decision stands, but what follows failed: {followed.error}
        </p>
      )}
    </div>
  );
}
