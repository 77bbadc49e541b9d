import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Evidence } from '../../../src/verify/evidence.ts';
import { Pre } from '../exchange/message.tsx';
import { Badge, HttpStatus } from '../ui/badge.tsx';
import { Section } from '../ui/page.tsx';

const LETTERS = 'ABC';

/** The choice that is left to a person: what each candidate would answer and write, side by side. */
export function Alternatives({
  alternatives,
  here,
}: {
  alternatives: Evidence['alternatives'];
  here: string;
}): ReactNode {
  if (alternatives.length === 0) return null;
  return (
    <Section
      title="A choice for you"
      note="These remove the error too, and answer differently. What should have happened, you know."
      flush
    >
      <ul className={`grid gap-px bg-line ${alternatives.length > 2 ? 'lg:grid-cols-3' : 'md:grid-cols-2'}`}>
        {alternatives.map(({ proposal, answer, writes, why }, at) => (
          <li key={proposal} className={`min-w-0 p-4 ${proposal === here ? 'bg-accent-wash' : 'bg-panel'}`}>
            <h3 className="mb-2 flex flex-wrap items-center gap-2">
              <span className="text-lg font-bold">{LETTERS[at]}</span>
              answers <HttpStatus status={answer.status} />
              {proposal === here && <Badge tone="info">this proposal</Badge>}
            </h3>
            <Pre label={`${LETTERS[at]}: body`}>{JSON.stringify(answer.body, null, 2)}</Pre>
            <p className="mt-2 text-sm font-semibold">
              {writes.length === 0
                ? 'writes nothing'
                : `${writes.length} ${writes.length === 1 ? 'write' : 'writes'}`}
            </p>
            {writes.length > 0 && (
              <Pre label={`${LETTERS[at]}: writes`}>{JSON.stringify(writes, null, 2)}</Pre>
            )}
            <p className="wrap-any mt-2 text-sm text-soft">{why}</p>
            {proposal !== here && (
              <Link
                to="/proposals/$proposal"
                params={{ proposal }}
                className="mt-2 inline-block text-sm font-semibold text-accent underline"
              >
                Look at {LETTERS[at]}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
