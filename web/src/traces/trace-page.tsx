import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ask } from '../api/queries.ts';
import { Pre } from '../exchange/message.tsx';
import { clock } from '../lib/time.ts';
import { Badge } from '../ui/badge.tsx';
import { Facts, PageHead, Section } from '../ui/page.tsx';
import { Asked } from '../ui/states.tsx';
import { costOf } from './traces-page.tsx';

export function TracePage({ id }: { id: string }): ReactNode {
  return (
    <Asked query={ask('getTrace', { params: { trace: id } })} what={`trace ${id}`}>
      {(trace) => (
        <>
          <PageHead
            title={`${trace.engine} · ${trace.operation}`}
            above={
              <Link to="/traces" className="hover:underline">
                Traces
              </Link>
            }
            beside={
              trace.error !== null && (
                <Badge tone="bad" icon="cross">
                  failed
                </Badge>
              )
            }
          />
          <Section title="About it">
            <Facts
              of={[
                ['model', [trace.provider, trace.model].filter(Boolean).join(' · ') || '-'],
                [
                  'tokens',
                  trace.tokens
                    ? `${trace.tokens.input} in (${trace.tokens.cachedInput} of them cached), ${trace.tokens.output} out`
                    : '-',
                ],
                ['cost', `${costOf(trace)}${trace.prices === null ? '' : `, prices ${trace.prices}`}`],
                ['started', `${clock(trace.startedAt)}, took ${trace.seconds.toFixed(2)} s`],
                ['run', trace.run],
                ['outcome', trace.outcome ?? '-'],
                ['made good', repairsOf(trace.repairs)],
                ...(trace.error === null ? [] : ([['error', trace.error]] as const)),
              ]}
            />
          </Section>
          <div className="grid gap-x-5 lg:grid-cols-2">
            <Section title="Prompt">
              <Pre label="Text of the prompt">{trace.prompt === '' ? '(empty)' : trace.prompt}</Pre>
            </Section>
            <Section title="Answer">
              <Pre label="Text of the answer">{trace.answer === '' ? '(empty)' : trace.answer}</Pre>
            </Section>
          </div>
        </>
      )}
    </Asked>
  );
}

/** What was made good in the answer, by fault. */
function repairsOf(repairs: Readonly<Record<string, number>> | null): string {
  const counts = Object.entries(repairs ?? {});
  return counts.length === 0 ? '-' : counts.map(([fault, count]) => `${fault} × ${count}`).join(', ');
}
