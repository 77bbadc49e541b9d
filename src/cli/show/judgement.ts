import { assumptionLines } from '../../verify/evidence.ts';
import type { FixResult, Judgement } from '../../server/views.ts';
import { brief, paint, paintVerdict, plain, seconds, table } from '../style.ts';

export const EXIT_OF_VERDICT = { verified: 0, rejected: 1, inconclusive: 3 } as const;

type Gates = Judgement['gates'];

/** Every gate with whether it holds, and why. */
export function showGates(gates: Gates): string {
  return table(
    ['', 'gate', 'detail'],
    gates.map(({ gate, holds, otherwise, detail }) => [
      holds ? paint('green', 'holds') : paint(otherwise === 'rejected' ? 'red' : 'yellow', otherwise ?? 'no'),
      gate,
      brief(detail, 110),
    ]),
    'No gate was looked at',
  );
}

/** A diff with its colours. */
export function showPatch(patch: string): string {
  return plain(patch)
    .split('\n')
    .map((line) => {
      if (line.startsWith('+') && !line.startsWith('+++')) return paint('green', line);
      if (line.startsWith('-') && !line.startsWith('---')) return paint('red', line);
      return line.startsWith('@@') ? paint('cyan', line) : line;
    })
    .join('\n')
    .trimEnd();
}

type Alternatives = Judgement['alternatives'];

/** The choice that is left to a person, side by side. */
export function showAlternatives(alternatives: Alternatives): string[] {
  if (alternatives.length === 0) return [];
  const rows = alternatives.map(({ proposal, answer, writes, why }) => [
    proposal,
    String(answer.status ?? '-'),
    brief(JSON.stringify(answer.body), 50),
    String(writes.length),
    brief(why, 60),
  ]);
  return [
    '',
    paint('bold', 'A choice for a person'),
    table(['proposal', 'answers', 'body', 'writes', 'why'], rows, ''),
  ];
}

export function showJudgement(judgement: Judgement): string {
  const { verdict, title, engine, kind, proposal, why, reasons, gates, patch } = judgement;
  const unanswered = judgement.calls.filter(({ match }) => match === 'none' || match === 'similar');
  return [
    `${paintVerdict(verdict)}  ${paint('bold', plain(title))}`,
    `${proposal} · ${engine} · ${kind}`,
    plain(why),
    ...reasons.map((reason) => `  ${plain(reason)}`),
    '',
    showGates(gates),
    ...unanswered.map(
      ({ summary, match }) => `not answered from the recording (${match}): ${brief(summary, 100)}`,
    ),
    ...assumptionLines(judgement.assumptions).map((line) => `assumed: ${brief(line, 160)}`),
    ...showAlternatives(judgement.alternatives),
    '',
    showPatch(patch),
    '',
    ...(judgement.notChecked.length === 0 ? [] : [`not checked: ${plain(judgement.notChecked.join('; '))}`]),
    `isolation ${judgement.isolation}, clock ${judgement.clock}, ${seconds(judgement.seconds)}`,
    ...(judgement.pullRequest ? [`pull request: ${judgement.pullRequest.url}`] : []),
  ].join('\n');
}

export function showFix(result: FixResult): string {
  const { candidates, verdict, reason, unavailable } = result;
  const best = candidates.find((each) => each.verdict === verdict) ?? candidates[0];
  return [
    ...unavailable.map((line) => `not asked: ${plain(line)}`),
    ...(candidates.length > 1
      ? [
          table(
            ['verdict', 'engine', 'kind', 'proposal', 'title'],
            candidates.map((each) => [
              paintVerdict(each.verdict),
              each.engine,
              each.kind,
              each.proposal,
              brief(each.title, 60),
            ]),
            '',
          ),
          '',
        ]
      : []),
    ...(best ? [showJudgement(best)] : []),
    ...(reason === null ? [] : [`${paintVerdict(verdict)}: ${plain(reason)}`]),
    `${candidates.length} candidates, ${seconds(result.seconds)}, $${result.costUsd.toFixed(4)}`,
  ].join('\n');
}
