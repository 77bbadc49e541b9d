import { useQuery } from '@tanstack/react-query';
import { useLayoutEffect, useRef, type ReactNode } from 'react';
import { ask } from '../api/queries.ts';
import { clock } from '../lib/time.ts';
import { Section } from '../ui/page.tsx';
import { Failure, Loading } from '../ui/states.tsx';

const LINES = 200;
const REFRESH_MS = 3000;

/** The newest lines; stays at the end unless somebody has scrolled up to read. */
export function Logs({ app }: { app: string }): ReactNode {
  const { data, error } = useQuery({
    ...ask('logs', { params: { app }, query: { lines: LINES } }),
    refetchInterval: REFRESH_MS,
  });
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [data]);
  return (
    <Section title="Logs" note={`the newest ${LINES} lines`} flush>
      {!data &&
        (error ? (
          <Failure error={error} />
        ) : (
          <div className="px-4">
            <Loading what="logs" />
          </div>
        ))}
      {data?.length === 0 && <p className="p-4 text-sm text-faint">Nothing was said yet.</p>}
      {data && data.length > 0 && (
        <div
          ref={box}
          tabIndex={0}
          role="region"
          aria-label="Log lines"
          onScroll={({ currentTarget: at }) => {
            atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 40;
          }}
          className="max-h-96 overflow-y-auto p-3 font-mono text-xs leading-relaxed"
        >
          {data.map(({ at, stream, release, line }, index) => (
            <p key={index} className="flex gap-3">
              <span className="hidden shrink-0 text-faint sm:inline" title={`${release} · ${stream}`}>
                {clock(at / 1000).slice(11)}
              </span>
              <span
                className={`wrap-any whitespace-pre-wrap ${stream === 'stderr' ? 'text-bad' : stream === 'vouch' ? 'text-info' : ''}`}
              >
                {stream === 'stderr' && <span className="sr-only">error output: </span>}
                {line}
              </span>
            </p>
          ))}
        </div>
      )}
    </Section>
  );
}
