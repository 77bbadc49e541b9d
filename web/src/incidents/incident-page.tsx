import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Proposal } from '../../../src/proposal/model.ts';
import type { IncidentDetail } from '../../../src/server/views.ts';
import { call } from '../api/client.ts';
import { ask, queryClient } from '../api/queries.ts';
import { ExchangeMessages } from '../exchange/message.tsx';
import { statusOf } from '../exchange/read.ts';
import { useRefusal } from '../lib/role.ts';
import { GateMatrix } from '../proposals/gate-matrix.tsx';
import { ProposalRows } from '../proposals/proposals-page.tsx';
import { Badge, HttpStatus, StatusBadge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Facts, PageHead, Section } from '../ui/page.tsx';
import { Asked, Failure } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { Calls } from './calls.tsx';
import { Fix } from './fix.tsx';
import { Stack } from './stack.tsx';
import { SliceTimeline } from './timeline.tsx';

export function IncidentPage({ id }: { id: string }): ReactNode {
  return (
    <Asked query={ask('getIncident', { params: { incident: id } })} what={`incident ${id}`}>
      {(incident) => <Incident incident={incident} />}
    </Asked>
  );
}

function Incident({ incident }: { incident: IncidentDetail }): ReactNode {
  const { failing, calls, recording, occurrenceList } = incident;
  const proposals = [...incident.proposals].sort(byVerdict);
  const newest = occurrenceList[0];
  return (
    <>
      <PageHead
        title={incident.title}
        above={
          <>
            <Link to="/incidents" className="hover:underline">
              Incidents
            </Link>{' '}
            ·{' '}
            <Link to="/apps/$app" params={{ app: incident.app }} className="hover:underline">
              {incident.app}
            </Link>
          </>
        }
        beside={<StatusButtons incident={incident} />}
      >
        <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
          <StatusBadge status={incident.status} />
          <span>
            <strong className="text-ink">{incident.occurrences.toLocaleString('en')}</strong>{' '}
            {incident.occurrences === 1 ? 'time' : 'times'}
          </span>
          <span>
            first <When at={incident.firstSeen / 1000} />, last <When at={incident.lastSeen / 1000} />
          </span>
          <code className="wrap-any font-mono text-[13px]">{incident.culprit ?? 'place unknown'}</code>
        </p>
      </PageHead>
      <div className="grid items-start gap-x-5 lg:grid-cols-2">
        <Section title="Stack">
          {newest ? <Stack error={newest.error} /> : <p className="text-soft">No occurrence is kept.</p>}
        </Section>
        <Section
          title="The request that failed"
          note={failing && <HttpStatus status={statusOf(failing.response)} />}
        >
          {failing ? (
            <>
              <ExchangeMessages exchange={failing} />
              <Confidence incident={incident} />
            </>
          ) : (
            <>
              <p className="text-soft">The error could not be tied to a recorded request.</p>
              <Confidence incident={incident} />
            </>
          )}
        </Section>
      </div>
      {recording !== null && <Timeline incident={incident} recording={recording} />}
      {failing && (
        <Section title="Calls that it made" note={calls.length === 0 ? 'none' : String(calls.length)} flush>
          {calls.length > 0 ? (
            <Calls calls={calls} />
          ) : (
            <p className="p-4 text-sm text-faint">It called nothing.</p>
          )}
        </Section>
      )}
      {(incident.status === 'open' || incident.status === 'fixing' || incident.status === 'proposed') && (
        <Fix incident={incident} />
      )}
      {proposals.length > 0 && (
        <>
          <h2 className="mt-7 mb-2 text-lg font-bold">Proposals</h2>
          <ProposalRows proposals={proposals} />
          <div className="mt-4">
            <GateMatrix proposals={proposals} />
          </div>
        </>
      )}
      <Occurrences incident={incident} />
    </>
  );
}

const RANK = { verified: 0, inconclusive: 1, rejected: 3 } as const;

/** What holds comes first; the rest stays newest first. */
function byVerdict(a: Proposal, b: Proposal): number {
  const rank = ({ verdict }: Proposal): number => (verdict === null ? 2 : RANK[verdict]);
  return rank(a) - rank(b);
}

function Timeline({ incident, recording }: { incident: IncidentDetail; recording: string }): ReactNode {
  const { data, error } = useQuery(ask('getRecording', { params: { recording } }));
  const occurrence = incident.occurrenceList.find(({ slice }) => slice === recording);
  return (
    <Section
      title="Timeline"
      note={
        <>
          recording{' '}
          <Link
            to="/recordings/$recording"
            params={{ recording }}
            className="font-mono text-accent underline"
          >
            {recording}
          </Link>
        </>
      }
    >
      {error && <Failure error={error} />}
      {data && (
        <SliceTimeline slice={data.slice} failedAt={occurrence?.error.at ?? null} errorType={incident.type} />
      )}
    </Section>
  );
}

function Confidence({ incident }: { incident: IncidentDetail }): ReactNode {
  const { confidence, confidenceWhy } = incident;
  if (confidence === null) return null;
  return (
    <div className="mt-4 border-t border-line pt-3 text-sm">
      <p className="flex flex-wrap items-center gap-2 font-semibold">
        Confidence that this request caused it
        <meter min={0} max={1} value={confidence} aria-hidden="true" className="h-3 w-24" />
        <span className="tabular-nums">{Math.round(confidence * 100)} %</span>
      </p>
      <ul className="mt-1 list-disc pl-5 text-soft">
        {confidenceWhy.map((reason) => (
          <li key={reason} className="wrap-any">
            {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}

const MOVES = { open: 'Open again', resolved: 'Mark resolved', ignored: 'Ignore' } as const;

function StatusButtons({ incident }: { incident: IncidentDetail }): ReactNode {
  const refusal = useRefusal();
  const [error, setError] = useState<Error>();
  const change = async (status: keyof typeof MOVES): Promise<void> => {
    setError(undefined);
    try {
      await call('setIncidentStatus', { params: { incident: incident.id }, body: { status } });
      await queryClient.invalidateQueries();
    } catch (caught) {
      setError(caught as Error);
    }
  };
  const closed = incident.status === 'resolved' || incident.status === 'ignored';
  const moves: (keyof typeof MOVES)[] = closed ? ['open'] : ['resolved', 'ignored'];
  return (
    <>
      {moves.map((status) => (
        <Button key={status} refused={refusal} onClick={() => void change(status)}>
          {MOVES[status]}
        </Button>
      ))}
      {error && <Failure error={error} />}
    </>
  );
}

const SHOWN = 10;

function Occurrences({ incident }: { incident: IncidentDetail }): ReactNode {
  const { occurrenceList } = incident;
  return (
    <div className="mt-5 grid items-start gap-x-5 lg:grid-cols-2">
      <Section title="Occurrences" note={`newest of ${incident.occurrences.toLocaleString('en')}`}>
        <ul className="divide-y divide-line text-sm">
          {occurrenceList.slice(0, SHOWN).map(({ id, at, slice, error }) => (
            <li key={id} className="flex flex-wrap items-center gap-x-3 py-1.5">
              <When at={at / 1000} />
              <span className="wrap-any grow text-soft">{error.message}</span>
              {slice === null ? (
                <Badge>not recorded</Badge>
              ) : (
                <Link
                  to="/recordings/$recording"
                  params={{ recording: slice }}
                  className="text-accent underline"
                >
                  recording
                </Link>
              )}
            </li>
          ))}
        </ul>
      </Section>
      <Section title="About it">
        <Facts
          of={[
            [
              'incident',
              <code key="id" className="font-mono">
                {incident.id}
              </code>,
            ],
            [
              'fingerprint',
              <code key="fp" className="font-mono">
                {incident.fingerprint}
              </code>,
            ],
            ['seen by', occurrenceList[0]?.error.detector ?? '-'],
            ['release', incident.release],
            [
              'by hand',
              <code key="cli" className="font-mono">
                npx vouch fix {incident.id}
              </code>,
            ],
          ]}
        />
      </Section>
    </div>
  );
}
