import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { Failure } from './states.tsx';

export interface Work<T> {
  state: 'idle' | 'running' | 'done' | 'failed';
  lines: readonly string[];
  result: T | undefined;
  error: Error | undefined;
}

type Start<T> = (watch: { onProgress: (line: string) => void; signal: AbortSignal }) => Promise<T>;

const MAX_LINES = 500;

/** Runs something long and keeps what it says. Going away tells the server to stop. */
export function useWork<T>(): Work<T> & {
  run: (start: Start<T>) => Promise<T | undefined>;
  stop: () => void;
} {
  const [work, setWork] = useState<Work<T>>({
    state: 'idle',
    lines: [],
    result: undefined,
    error: undefined,
  });
  const stopping = useRef<AbortController>(undefined);
  useEffect(() => () => stopping.current?.abort(), []);
  const run = useCallback(async (start: Start<T>): Promise<T | undefined> => {
    const controller = new AbortController();
    stopping.current?.abort();
    stopping.current = controller;
    setWork({ state: 'running', lines: [], result: undefined, error: undefined });
    const onProgress = (line: string): void =>
      setWork((now) => ({ ...now, lines: [...now.lines, line].slice(-MAX_LINES) }));
    try {
      const result = await start({ onProgress, signal: controller.signal });
      setWork((now) => ({ ...now, state: 'done', result }));
      return result;
    } catch (error) {
      if (controller.signal.aborted) setWork((now) => ({ ...now, state: 'idle' }));
      else setWork((now) => ({ ...now, state: 'failed', error: error as Error }));
      return undefined;
    }
  }, []);
  const stop = useCallback(() => stopping.current?.abort(), []);
  return { ...work, run, stop };
}

/** Lines of progress as they come, for eyes and for screen readers. */
export function Progress({ lines, running }: { lines: readonly string[]; running: boolean }): ReactNode {
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // In braces: browsers may return a promise, and what an effect returns is called.
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [lines]);
  if (lines.length === 0 && !running) return null;
  return (
    <ol
      role="log"
      aria-live="polite"
      aria-busy={running}
      aria-label="Progress"
      className="mt-3 max-h-72 overflow-y-auto rounded-md bg-sunken p-3 font-mono text-[13px] leading-relaxed"
    >
      {lines.map((line, at) => (
        // Lines are only ever added at the end.
        <li key={at} className="wrap-any">
          {line}
        </li>
      ))}
      {running && (
        <li ref={end} className="animate-pulse text-soft">
          working…
        </li>
      )}
    </ol>
  );
}

export function WorkReport({ work }: { work: Work<unknown> }): ReactNode {
  return (
    <>
      <Progress lines={work.lines} running={work.state === 'running'} />
      {work.error && <Failure error={work.error} />}
    </>
  );
}
