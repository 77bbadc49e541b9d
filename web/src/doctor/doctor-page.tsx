import type { ReactNode } from 'react';
import { ask } from '../api/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { Copyable } from '../ui/copy.tsx';
import { PageHead } from '../ui/page.tsx';
import { Asked } from '../ui/states.tsx';

/** What the server's machine can do, and the command that adds what is missing. */
export function DoctorPage(): ReactNode {
  return (
    <>
      <PageHead title="Doctor">What the machine that Vouch runs on can do.</PageHead>
      <Asked query={ask('doctor', {})} what="the machine's parts; some are tried out">
        {({ ok, parts }) => (
          <>
            <p className="mb-4 text-lg font-semibold">
              {ok ? (
                <Badge tone="good" icon="check">
                  Everything that is needed is there
                </Badge>
              ) : (
                <Badge tone="bad" icon="cross">
                  Something is missing
                </Badge>
              )}
            </p>
            <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
              {parts.map(({ part, ok: there, optional, detail, mend }) => (
                <li
                  key={part}
                  className="grid items-start gap-x-4 gap-y-1 px-4 py-3 sm:grid-cols-[12rem_8.5rem_1fr]"
                >
                  <strong className="wrap-any">{part}</strong>
                  <span>
                    {there ? (
                      <Badge tone="good" icon="check">
                        there
                      </Badge>
                    ) : optional ? (
                      <Badge tone="unsure" icon="dash">
                        goes without
                      </Badge>
                    ) : (
                      <Badge tone="bad" icon="cross">
                        missing
                      </Badge>
                    )}
                  </span>
                  <div className="wrap-any text-sm">
                    {detail}
                    {mend !== null && (
                      <div className="mt-1">
                        <Copyable text={mend} label={`the command that adds ${part}`} />
                      </div>
                    )}
                  </div>
                </li>
              ))}
            </ul>
          </>
        )}
      </Asked>
    </>
  );
}
