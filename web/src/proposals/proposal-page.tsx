import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ProposalDetail } from '../../../src/server/views.ts';
import type { Evidence } from '../../../src/verify/evidence.ts';
import { call } from '../api/client.ts';
import { ask, queryClient } from '../api/queries.ts';
import type { Output } from '../api/routes.ts';
import { useRefusal } from '../lib/role.ts';
import { safeLink } from '../lib/safe-link.ts';
import { took } from '../lib/time.ts';
import { Badge, TONES, VERDICTS } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { Facts, PageHead, Section } from '../ui/page.tsx';
import { Asked, Empty, Failure } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { useWork } from '../ui/work.tsx';
import { Alternatives } from './alternatives.tsx';
import { Answers } from './answers.tsx';
import { Decide } from './decide.tsx';
import { Audit, Decided } from './decided.tsx';
import { Diff } from './diff.tsx';
import { GateStrip, Gates, LOOKS, lookOf } from './gates.tsx';
import { KINDS } from './proposals-page.tsx';
import { Assumptions } from './assumptions.tsx';
import { MATCHES, ReplayedCalls } from './replayed-calls.tsx';

export function ProposalPage({ id }: { id: string }): ReactNode {
  return (
    <Asked query={ask('getProposal', { params: { proposal: id } })} what={`proposal ${id}`}>
      {(proposal) => <Shown proposal={proposal} />}
    </Asked>
  );
}

function Shown({ proposal }: { proposal: ProposalDetail }): ReactNode {
  const { evidenceDetail: evidence, decision, incident } = proposal;
  const work = useWork<Output<'decide'>>();
  return (
    <>
      <PageHead
        title={proposal.title}
        above={
          <>
            <Link to="/proposals" className="hover:underline">
              Proposals
            </Link>
            {incident && (
              <>
                {' '}
                · for{' '}
                <Link
                  to="/incidents/$incident"
                  params={{ incident: incident.id }}
                  className="wrap-any font-semibold hover:underline"
                >
                  {incident.title}
                </Link>
              </>
            )}
          </>
        }
      >
        <p className="wrap-any">{proposal.why}</p>
        <p className="mt-1 flex flex-wrap items-center gap-2 text-sm">
          <Badge tone={proposal.kind === 'root-cause' ? 'good' : 'unsure'}>{KINDS[proposal.kind]}</Badge>
          <Badge>engine {proposal.engine}</Badge>
          {proposal.trace !== null && (
            <Link to="/traces/$trace" params={{ trace: proposal.trace }} className="text-accent underline">
              what the engine saw and said
            </Link>
          )}
          <When at={proposal.createdAt} />
        </p>
      </PageHead>
      <VerdictBanner proposal={proposal} evidence={evidence} />
      {decision && <Decided proposal={proposal} decision={decision} work={work} />}
      {evidence && <Alternatives alternatives={evidence.alternatives} here={proposal.id} />}
      <Section title="Change" flush beside={<PullRequest proposal={proposal} />}>
        <Diff patch={proposal.patch} />
      </Section>
      {evidence && (
        <Section title="The failing request’s answer" flush>
          <Answers before={evidence.before} after={evidence.after} />
        </Section>
      )}
      {!decision && <Decide proposal={proposal} work={work} />}
      {evidence ? (
        <Section title="Gates" note={gateCount(evidence)} flush>
          <Gates gates={evidence.gates} />
        </Section>
      ) : (
        <Empty>
          Nobody has judged it yet.{' '}
          <code className="font-mono">npx vouch verify {proposal.subject} --patch FILE</code>
        </Empty>
      )}
      {evidence && <Proof evidence={evidence} />}
      <Audit audit={proposal.audit} />
    </>
  );
}

function gateCount({ gates }: Evidence): string {
  return `${gates.filter(({ holds }) => holds).length} of 11 hold`;
}

const MEANING = {
  verified:
    'Every gate holds: the failure was replayed, and with this change it is gone while all else stays.',
  rejected: 'It was shown to be wrong.',
  inconclusive: 'It could not be proved. That is no proof that it is wrong.',
  unjudged: 'It was not judged yet.',
} as const;

function VerdictBanner({
  proposal,
  evidence,
}: {
  proposal: ProposalDetail;
  evidence: Evidence | null;
}): ReactNode {
  const key = proposal.verdict ?? 'unjudged';
  const { tone, icon, word } = VERDICTS[key];
  const requests = evidence?.runs.reduce((sum, run) => sum + run.requests, 0) ?? 0;
  const open = evidence?.gates.filter((gate) => !gate.holds) ?? [];
  return (
    <section aria-label="Verdict" className="mb-5 overflow-hidden rounded-lg border border-line">
      <div className={`p-4 sm:p-5 ${TONES[tone]}`}>
        <p className="flex items-center gap-3 text-3xl leading-none font-extrabold">
          <Icon name={icon} className="size-9" />
          {word}
        </p>
        <p className="mt-2 text-ink">{MEANING[key]}</p>
        {evidence && evidence.reasons.length > 0 && (
          <ul className="mt-2 space-y-1 text-ink">
            {evidence.reasons.map((reason, at) => (
              <li key={at} className="wrap-any flex gap-2">
                <Icon name={LOOKS[lookOf(open[at])].icon} className="mt-1.5 opacity-70" />
                {reason}
              </li>
            ))}
          </ul>
        )}
        {evidence && (
          <p className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm text-ink">
            <span>
              <strong>{requests}</strong> requests replayed in <strong>{evidence.runs.length}</strong>{' '}
              sandboxes
            </span>
            <span>
              clock: <strong>{evidence.clock === 'recorded' ? 'as recorded' : 'the real one'}</strong>
            </span>
            <span>
              isolation: <strong>{evidence.isolation}</strong>
            </span>
            <span>
              <strong>{evidence.seconds.toFixed(1)} s</strong>
            </span>
          </p>
        )}
      </div>
      {evidence && (
        <div className="border-t border-line">
          <GateStrip gates={evidence.gates} />
        </div>
      )}
    </section>
  );
}

function PullRequest({ proposal }: { proposal: ProposalDetail }): ReactNode {
  const refusal = useRefusal();
  const [error, setError] = useState<Error>();
  const { pullRequest, verdict, decision } = proposal;
  const open = async (): Promise<void> => {
    setError(undefined);
    try {
      await call('openPullRequest', { params: { proposal: proposal.id } });
      await queryClient.invalidateQueries();
    } catch (caught) {
      setError(caught as Error);
    }
  };
  if (pullRequest) {
    const href = safeLink(pullRequest.url);
    // The built-in forge's page of a pull request is this one.
    const elsewhere = href !== undefined && new URL(href).origin !== location.origin;
    return (
      <p className="wrap-any flex flex-wrap items-center gap-2 text-sm">
        branch <code className="font-mono text-[13px]">{pullRequest.branch}</code> at{' '}
        <code className="font-mono text-[13px]">{pullRequest.commit.slice(0, 8)}</code>
        {elsewhere && (
          <a href={href} rel="noreferrer" className="font-semibold text-accent underline">
            Pull request {pullRequest.ref} <Icon name="link" />
          </a>
        )}
      </p>
    );
  }
  if (verdict === null || verdict === 'rejected' || decision) return null;
  return (
    <div>
      <Button refused={refusal} onClick={() => void open()}>
        Open a pull request
      </Button>
      {error && <Failure error={error} />}
    </div>
  );
}

function Proof({ evidence }: { evidence: Evidence }): ReactNode {
  const counts = new Map<keyof typeof MATCHES, number>();
  for (const { match } of evidence.calls) counts.set(match, (counts.get(match) ?? 0) + 1);
  const unproved = [
    ...evidence.notChecked,
    ...(evidence.clock === 'real' ? ['the clock was the real one, not that of the recording'] : []),
  ];
  return (
    <>
      <Section
        title="Outgoing calls, and what answered them"
        note={[...counts].map(([match, count]) => `${count} ${match}`).join(' · ')}
        flush
      >
        <ReplayedCalls calls={evidence.calls} />
      </Section>
      <Assumptions assumptions={evidence.assumptions} />
      <div className="grid items-start gap-x-5 lg:grid-cols-2">
        <Section title="Not checked">
          {unproved.length === 0 ? (
            <p className="text-sm text-soft">Nothing was left out.</p>
          ) : (
            <Items items={unproved} />
          )}
        </Section>
        <Section title="Runs">
          <table className="w-full text-left text-sm">
            <thead className="text-xs text-faint">
              <tr>
                {['run', 'requests', 'start-up', 'in all'].map((name) => (
                  <th key={name} scope="col" className="pr-3 pb-1 font-semibold last:pr-0">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {evidence.runs.map(({ name, requests, bootMs, seconds, detail }, at) => (
                <tr key={at}>
                  <th scope="row" className="wrap-any py-1 pr-3 font-normal">
                    {name} <span className="text-faint">{detail}</span>
                  </th>
                  <td className="pr-3 tabular-nums">{requests}</td>
                  <td className="pr-3 whitespace-nowrap tabular-nums">{took(bootMs)}</td>
                  <td className="whitespace-nowrap tabular-nums">{took(seconds * 1000)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <div className="mt-3 border-t border-line pt-3">
            <Facts
              of={[
                ['clock', evidence.clock],
                ['isolation', evidence.isolation],
                ['errors seen', evidence.errors.length],
              ]}
            />
          </div>
        </Section>
      </div>
    </>
  );
}

function Items({ items }: { items: readonly string[] }): ReactNode {
  return (
    <ul className="list-disc space-y-1 pl-5 text-sm">
      {items.map((item) => (
        <li key={item} className="wrap-any">
          {item}
        </li>
      ))}
    </ul>
  );
}
