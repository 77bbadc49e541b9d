import type { ReactNode } from 'react';
import type { Evidence } from '../../../src/verify/evidence.ts';
import { Section } from '../ui/page.tsx';

/** Calls that were never recorded and were answered all the same: what each answer stands on, and where that was seen. */
export function Assumptions({ assumptions }: { assumptions: Evidence['assumptions'] }): ReactNode {
  if (assumptions.length === 0) return null;
  return (
    <Section
      title="Assumed"
      note="never recorded, and answered by a real server that holds what the recording proves; nobody else may have written there"
    >
      <ul className="space-y-3 text-sm">
        {assumptions.map(({ call, standsOn }, at) => (
          <li key={at}>
            <code className="wrap-any font-mono text-[13px]">{call}</code>
            {standsOn.length === 0 ? (
              <p className="mt-1 text-soft">stands on no row</p>
            ) : (
              <table className="mt-1 w-full text-left">
                <thead className="sr-only">
                  <tr>
                    <th scope="col">what</th>
                    <th scope="col">where it was seen</th>
                  </tr>
                </thead>
                <tbody className="divide-y divide-line">
                  {standsOn.map(({ what, seen }, row) => (
                    <tr key={row} className="align-top">
                      <th scope="row" className="wrap-any w-2/5 py-1 pr-3 font-normal">
                        {what}
                      </th>
                      <td className="wrap-any py-1 text-soft">{seen}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
