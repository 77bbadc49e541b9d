import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Slice } from '../../../src/record/model.ts';
import { call } from '../api/client.ts';
import { ask } from '../api/queries.ts';
import type { Output } from '../api/routes.ts';
import { statusOf } from '../exchange/read.ts';
import { Calls } from '../incidents/calls.tsx';
import { SliceTimeline } from '../incidents/timeline.tsx';
import { useRefusal } from '../lib/role.ts';
import { took } from '../lib/time.ts';
import { Badge, HttpStatus } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { Facts, PageHead, Section } from '../ui/page.tsx';
import { Asked } from '../ui/states.tsx';
import { WorkReport, useWork } from '../ui/work.tsx';

export function RecordingPage({ id }: { id: string }): ReactNode {
  return (
    <Asked query={ask('getRecording', { params: { recording: id } })} what={`recording ${id}`}>
      {({ slice, app, confidence }) => (
        <>
          <PageHead
            title={`Recording ${id}`}
            above={
              <Link to="/recordings" className="hover:underline">
                Recordings
              </Link>
            }
          />
          <Section title="Timeline">
            <SliceTimeline slice={slice} failedAt={null} errorType="" />
          </Section>
          <Replay id={id} />
          <Requests slice={slice} />
          <Section title="About it">
            <Facts
              of={[
                ['app', app],
                ['release', slice.release],
                ['exchanges', slice.exchanges.length],
                ['confidence', `${Math.round(confidence * 100)} %: ${slice.confidenceWhy.join('; ')}`],
                ['bytes lost', slice.lostBytes.toLocaleString('en')],
                [
                  'not decoded',
                  Object.entries(slice.undecoded)
                    .map(([place, why]) => `${place}: ${why}`)
                    .join('; ') || '-',
                ],
                ['refused', slice.refused.map(({ host, port }) => `${host}:${port}`).join(', ') || '-'],
              ]}
            />
          </Section>
        </>
      )}
    </Asked>
  );
}

const PAGE = 50;

function Requests({ slice }: { slice: Slice }): ReactNode {
  const [shown, setShown] = useState(PAGE);
  const requests = slice.exchanges.filter(({ direction }) => direction === 'inbound');
  const byId = new Map(slice.exchanges.map((exchange) => [exchange.id, exchange]));
  return (
    <Section title="Requests, and the calls that each made" note={String(requests.length)} flush>
      <ul className="divide-y divide-line">
        {requests.slice(0, shown).map((request) => {
          const calls = (slice.callsOf[request.id] ?? []).flatMap((id) => byId.get(id) ?? []);
          return (
            <li key={request.id}>
              <details className="group">
                <summary className="flex list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm hover:bg-sunken">
                  <Icon name="down" className="-rotate-90 text-faint group-open:rotate-0" />
                  <HttpStatus status={statusOf(request.response)} />
                  <code className="wrap-any order-last grow basis-full font-mono sm:order-none sm:basis-40 text-[13px]">
                    {request.summary}
                  </code>
                  {request.id === slice.failing && (
                    <Badge tone="bad" icon="alert">
                      failed
                    </Badge>
                  )}
                  <span className="text-soft">
                    {calls.length} {calls.length === 1 ? 'call' : 'calls'} ·{' '}
                    {request.endedAt === null
                      ? 'never ended'
                      : took((request.endedAt - request.startedAt) / 1000)}
                  </span>
                </summary>
                <div className="border-t border-line bg-ground pl-4">
                  <Calls calls={[request, ...calls]} />
                </div>
              </details>
            </li>
          );
        })}
      </ul>
      {requests.length > shown && (
        <div className="border-t border-line p-3 text-center">
          <Button onClick={() => setShown(shown + PAGE)}>Show more of {requests.length}</Button>
        </div>
      )}
    </Section>
  );
}

function Replay({ id }: { id: string }): ReactNode {
  const work = useWork<Output<'replay'>>();
  const refusal = useRefusal();
  const run = (): void =>
    void work.run((watch) => call('replay', { params: { recording: id }, body: {} }, watch));
  const report = work.result;
  return (
    <Section title="Replay" note="In a sandbox without network, against the release that was recorded">
      <div className="flex gap-2">
        <Button kind="primary" refused={refusal} disabled={work.state === 'running'} onClick={run}>
          Replay it
        </Button>
        {work.state === 'running' && <Button onClick={work.stop}>Stop</Button>}
      </div>
      <WorkReport work={work} />
      {report && (
        <div role="status" className="mt-3">
          <p className="flex flex-wrap items-center gap-3">
            {report.inconclusive !== null ? (
              <Badge tone="unsure" icon="question">
                inconclusive
              </Badge>
            ) : report.same ? (
              <Badge tone="good" icon="check">
                every answer is as recorded
              </Badge>
            ) : (
              <Badge tone="bad" icon="cross">
                answers differ
              </Badge>
            )}
            <span className="wrap-any text-soft">
              {report.inconclusive ?? `${report.responses.length} requests, ${report.seconds.toFixed(1)} s`}
            </span>
          </p>
          <ul className="mt-2 text-sm">
            {report.responses
              .filter(({ differences, failure }) => differences.length > 0 || failure !== null)
              .slice(0, PAGE)
              .map(({ id: of, summary, recorded, replayed, failure, differences }) => (
                <li key={of} className="wrap-any py-1">
                  <code className="font-mono">{summary}</code>: {recorded ?? '-'} →{' '}
                  {failure ?? replayed ?? '-'}{' '}
                  <span className="text-soft">{differences.map(({ path }) => path).join(', ')}</span>
                </li>
              ))}
          </ul>
        </div>
      )}
    </Section>
  );
}
