import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Proposal } from '../../../src/proposal/model.ts';
import { ask } from '../api/queries.ts';
import { TONES, VerdictBadge } from '../ui/badge.tsx';
import { Icon } from '../ui/icons.tsx';
import { Section } from '../ui/page.tsx';
import { GATE_NAMES, LOOKS, lookOf } from './gates.tsx';

/** More columns than this nobody compares. */
const MOST = 8;

/** The proposals for one incident against the gates: where each of them fails. */
export function GateMatrix({ proposals }: { proposals: readonly Proposal[] }): ReactNode {
  const judged = proposals.filter(({ evidence }) => evidence !== null).slice(0, MOST);
  const details = useQueries({
    queries: judged.map(({ id }) => ask('getProposal', { params: { proposal: id } })),
  });
  if (judged.length === 0) return null;
  return (
    <Section title="Gates, proposal by proposal" flush>
      <div
        className="relative overflow-x-auto"
        tabIndex={0}
        role="region"
        aria-label="Gates, proposal by proposal"
      >
        <table className="w-full text-sm">
          <thead>
            <tr className="align-bottom">
              <th scope="col" className="px-4 py-2 text-left">
                <span className="sr-only">Proposal</span>
              </th>
              {GATE_NAMES.map((name) => (
                <th
                  key={name}
                  scope="col"
                  className="w-16 px-1 py-2 text-center text-xs font-semibold text-soft"
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {judged.map(({ id, title, verdict }, at) => {
              const gates = details[at]?.data?.evidenceDetail?.gates;
              const byName = new Map(gates?.map((gate) => [gate.gate, gate]));
              return (
                <tr key={id} className="border-t border-line">
                  <th scope="row" className="min-w-56 px-4 py-2 text-left font-normal">
                    <Link
                      to="/proposals/$proposal"
                      params={{ proposal: id }}
                      className="wrap-any line-clamp-2 font-semibold hover:underline"
                    >
                      {title}
                    </Link>
                    <VerdictBadge verdict={verdict} />
                  </th>
                  {GATE_NAMES.map((name) => {
                    const result = byName.get(name);
                    const { tone, icon, word } = LOOKS[lookOf(result)];
                    return (
                      <td key={name} className="p-1 text-center">
                        {gates && (
                          <span
                            title={`${name}: ${word}${result ? `: ${result.detail}` : ''}`}
                            className={`inline-flex size-9 items-center justify-center rounded-md ${TONES[tone]}`}
                          >
                            <Icon name={icon} className="size-4.5" />
                            <span className="sr-only">{word}</span>
                          </span>
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
