import type { ReactNode } from 'react';
import type { Call } from '../../../src/replay/plan.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import type { IconName } from '../ui/icons.tsx';

export const MATCHES: Record<Call['match'], { tone: Tone; icon: IconName; says: string }> = {
  exact: { tone: 'good', icon: 'check', says: 'the recorded request, exactly' },
  normalised: { tone: 'good', icon: 'check', says: 'the recorded request, but for values proved to vary' },
  rebuilt: { tone: 'info', icon: 'check', says: 'answered by a real server with what the recording proves' },
  similar: { tone: 'unsure', icon: 'question', says: 'a recorded request comes near; it was not used' },
  none: { tone: 'bad', icon: 'cross', says: 'nothing recorded answers it' },
};
const MAX_SHOWN = 200;

type Shown = Call & { run: string };

/** Outgoing calls of the replay and what answered each; equal ones once, with how often. */
export function ReplayedCalls({ calls }: { calls: readonly Shown[] }): ReactNode {
  const groups = new Map<string, { call: Shown; count: number }>();
  for (const call of calls) {
    const key = JSON.stringify([call.run, call.match, call.protocol, call.destination, call.canonical]);
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, { call, count: 1 });
  }
  if (groups.size === 0) return <p className="p-4 text-sm text-faint">It made no outgoing call.</p>;
  return (
    <ul className="divide-y divide-line text-sm">
      {[...groups.values()].slice(0, MAX_SHOWN).map(({ call, count }, at) => (
        <li key={at} className="px-4 py-2">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span title={MATCHES[call.match].says} className="w-28">
              <Badge tone={MATCHES[call.match].tone} icon={MATCHES[call.match].icon}>
                {call.match}
              </Badge>
            </span>
            <Badge>{call.protocol}</Badge>
            <code className="wrap-any order-last grow basis-full font-mono sm:order-none sm:basis-40 text-[13px]">
              {call.summary}
            </code>
            {call.writes === true && <Badge tone="info">write</Badge>}
            {count > 1 && <span className="text-soft">×{count}</span>}
            <span className="text-soft">{call.run}</span>
          </div>
          {call.nearest && <Nearest nearest={call.nearest} />}
        </li>
      ))}
      {groups.size > MAX_SHOWN && (
        <li className="px-4 py-2 text-soft">… and {groups.size - MAX_SHOWN} more</li>
      )}
    </ul>
  );
}

function Nearest({ nearest }: { nearest: NonNullable<Call['nearest']> }): ReactNode {
  return (
    <div className="mt-1 ml-2 border-l-2 border-line pl-3 text-soft sm:ml-28">
      <p className="wrap-any">
        Nearest recorded: <code className="font-mono text-[13px]">{nearest.summary}</code>
      </p>
      <ul className="font-mono text-[13px]">
        {nearest.differences.map(({ path, before, after }) => (
          <li key={path} className="wrap-any">
            {path === '' ? 'it' : path}: <Value of={before} /> → <Value of={after} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Value({ of }: { of: unknown }): ReactNode {
  const text = of === undefined ? '(not there)' : JSON.stringify(of);
  return <span className="text-ink">{text.length > 200 ? `${text.slice(0, 200)}…` : text}</span>;
}
