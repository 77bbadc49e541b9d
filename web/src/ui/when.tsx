import { useEffect, useState, type ReactNode } from 'react';
import { ago, clock } from '../lib/time.ts';

const TICK_MS = 20_000;

/** How long ago, with the time itself on hover. Milliseconds since 1970. */
export function When({ at }: { at: number }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={new Date(at).toISOString()} title={clock(at)} className="whitespace-nowrap">
      {ago(at, Math.max(now, at))}
    </time>
  );
}
