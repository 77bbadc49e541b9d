import { assumptionLines } from '../../verify/evidence.ts';
import type { ProposalDetail } from '../../server/views.ts';
import { brief, facts, paint, paintVerdict, plain, when } from '../style.ts';
import { showAlternatives, showGates, showPatch } from './judgement.ts';

export function showProposal(proposal: ProposalDetail): string {
  const { evidenceDetail: evidence, decision } = proposal;
  return [
    `${paintVerdict(proposal.verdict)}  ${paint('bold', plain(proposal.title))}`,
    facts([
      ['proposal', proposal.id],
      [
        'about',
        proposal.incident
          ? `${proposal.incident.id}: ${brief(proposal.incident.title, 80)}`
          : proposal.subject,
      ],
      ['by', `engine ${proposal.engine}, ${proposal.kind}, ${when(proposal.createdAt)}`],
      ['why', plain(proposal.why)],
      ['pull request', proposal.pullRequest?.url ?? '-'],
      [
        'decision',
        decision ? `${decision.decision} by ${plain(decision.by)}, ${when(decision.at)}` : 'none yet',
      ],
      ...(decision?.why ? [['because', plain(decision.why)] as const] : []),
    ]),
    ...(evidence
      ? [
          '',
          showGates(evidence.gates),
          ...assumptionLines(evidence.assumptions).map((line) => `assumed: ${brief(line, 160)}`),
          ...showAlternatives(evidence.alternatives),
          ...(evidence.before && evidence.after
            ? [
                '',
                paint('bold', 'The failing request'),
                `  before: ${answer(evidence.before)}`,
                `  after:  ${answer(evidence.after)}`,
              ]
            : []),
          ...(evidence.notChecked.length === 0
            ? []
            : ['', `not checked: ${plain(evidence.notChecked.join('; '))}`]),
        ]
      : []),
    '',
    showPatch(proposal.patch),
  ].join('\n');
}

function answer({ status, body }: { status: number | null; body: string }): string {
  return `${status ?? 'no answer'} ${brief(body, 120)}`;
}
