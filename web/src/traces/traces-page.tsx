import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Output } from '../api/routes.ts';
import { ask } from '../api/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { PageHead } from '../ui/page.tsx';
import { Asked, Empty } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

export function TracesPage(): ReactNode {
  return (
    <>
      <PageHead title="Traces">Every call of an engine: what it saw, what it said, what it cost.</PageHead>
      <Asked query={ask('listTraces', { query: { limit: 300 } })} what="traces">
        {(traces) =>
          traces.length === 0 ? (
            <Empty>
              No engine was called yet. The template engine needs no model, and leaves no trace; llm and agent
              do.
            </Empty>
          ) : (
            <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
              {traces.map((trace) => (
                <TraceRow key={trace.id} trace={trace} />
              ))}
            </ul>
          )
        }
      </Asked>
    </>
  );
}

export type TraceSummary = Output<'listTraces'>[number];

function TraceRow({ trace }: { trace: TraceSummary }): ReactNode {
  const { id, engine, operation, model, tokens, seconds, startedAt, error, outcome } = trace;
  return (
    <li className="relative grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 focus-within:bg-accent-wash hover:bg-sunken md:grid-cols-[1fr_12rem_6rem_7rem]">
      <div className="min-w-0">
        <Link
          data-row
          to="/traces/$trace"
          params={{ trace: id }}
          className="wrap-any font-semibold after:absolute after:inset-0"
        >
          {engine} · {operation} {model !== null && <span className="font-normal text-soft">by {model}</span>}
        </Link>
        <p className="wrap-any line-clamp-2 text-sm text-soft">
          {error !== null ? (
            <Badge tone="bad" icon="cross">
              <span className="max-w-80 truncate">{error}</span>
            </Badge>
          ) : (
            (outcome ?? 'nothing known of what came of it')
          )}
        </p>
      </div>
      <span className="text-sm text-soft tabular-nums">
        {tokens ? `${tokens.input.toLocaleString('en')} in · ${tokens.output.toLocaleString('en')} out` : '-'}
      </span>
      <span className="text-sm tabular-nums md:text-right">{costOf(trace)}</span>
      <span className="justify-self-end text-sm text-soft">
        {seconds.toFixed(1)} s · <When at={startedAt} />
      </span>
    </li>
  );
}

export function costOf({ costUsd }: TraceSummary): string {
  return costUsd === null ? 'no price' : `$${costUsd.toFixed(4)}`;
}
