import type { ReactNode } from 'react';
import type { ErrorEvent } from '../../../src/incident/model.ts';
import { Badge } from '../ui/badge.tsx';

const MAX_FRAMES = 50;

/** The stack, innermost first: the app's own frames stand out, the others step back. */
export function Stack({ error }: { error: ErrorEvent }): ReactNode {
  return (
    <>
      <p className="wrap-any mb-3 font-mono text-sm whitespace-pre-wrap">
        <strong className="text-bad">{error.type}</strong>: {error.message}
      </p>
      <Frames frames={error.frames} />
      {error.causes.map((cause, at) => (
        <div key={at} className="mt-4">
          <p className="wrap-any mb-2 font-mono text-sm whitespace-pre-wrap">
            caused by <strong className="text-bad">{cause.type}</strong>: {cause.message}
          </p>
          <Frames frames={cause.frames} />
        </div>
      ))}
      <details className="mt-3 text-sm">
        <summary className="text-soft">As it was printed</summary>
        <pre className="wrap-any mt-2 max-h-80 overflow-y-auto rounded-md bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
          {error.raw}
        </pre>
      </details>
    </>
  );
}

function Frames({ frames }: { frames: ErrorEvent['frames'] }): ReactNode {
  if (frames.length === 0) return <p className="text-sm text-faint">No stack was printed.</p>;
  return (
    <ol className="overflow-hidden rounded-md border border-line font-mono text-[13px]">
      {frames.slice(0, MAX_FRAMES).map(({ file, line, column, function: name, inApp }, at) => (
        <li
          key={at}
          className={`flex flex-wrap items-center gap-x-3 border-b border-line px-3 last:border-b-0 ${inApp ? 'border-l-4 border-l-accent bg-accent-wash py-1.5 font-semibold' : 'border-l-4 border-l-transparent py-1 text-faint'}`}
        >
          <span className="wrap-any grow">
            {[file, line, column].filter((part) => part !== null).join(':')}
          </span>
          <span className="wrap-any">{name ?? '(anonymous)'}</span>
          {inApp && <Badge tone="info">your code</Badge>}
        </li>
      ))}
      {frames.length > MAX_FRAMES && (
        <li className="px-3 py-1 text-faint">… {frames.length - MAX_FRAMES} more</li>
      )}
    </ol>
  );
}
