import { memo, type ReactNode } from 'react';
import { When } from '../ui/when.tsx';
import { WORDS } from './calls.ts';
import type { Choice } from './journal.ts';
import { useModel } from './linked.tsx';
import type { Known, Said as SaidBy } from './page-model.ts';
import { othersOf, personOf } from './people.ts';
import type { RowState } from './row-state.ts';
import { plainText, shortDate } from './text.ts';

/** Who says so: a person, or how sure the engine is. */
export const Said = memo(function Said({
  call,
  verdict,
  choice,
  known,
}: Pick<RowState, 'call' | 'verdict' | 'choice' | 'known'>): ReactNode {
  const model = useModel();
  const sure = verdict === null ? null : Math.round(verdict.confidence * 100);
  const person = personOf(choice, known);
  const isSure = verdict?.verdict === 'y' && verdict.confidence >= model.data.autoYes;
  return (
    <div className="bp-said">
      {person !== undefined && (
        <span className="bp-person" title={`Decided by ${plainText(person)}`}>
          ✓ {plainText(person)}
        </span>
      )}
      {person !== undefined && verdict !== null && verdict.verdict !== call && (
        <span title="What was suggested">was {WORDS[verdict.verdict].toLowerCase()}</span>
      )}
      {person === undefined && sure !== null && (
        <span
          className={isSure ? 'bp-sure' : undefined}
          title={
            isSure ? 'Sure enough to be picked without a second look' : 'How likely this verdict is right'
          }
        >
          {sure} % sure
        </span>
      )}
      {typeof verdict?.waitUntil === 'string' && <span>until {shortDate(verdict.waitUntil)}</span>}
    </div>
  );
});

/** Two people said different things, and neither had seen the other: both stand here until one of them says it again. */
export function Disputed({
  state,
  against,
  canSay,
}: {
  state: RowState;
  against: SaidBy;
  canSay: boolean;
}): ReactNode {
  const { call, choice, known } = state;
  const own = choice !== null && choice.call !== null ? choice : known!;
  const by = personOf(choice, known) ?? 'you';
  return (
    <p className="bp-disputed">
      <strong>Disputed:</strong>{' '}
      {[
        { by, call, at: own.at },
        { ...against, by: against.by || 'somebody' },
      ].map((one, i) => (
        <span key={i}>
          {i > 0 && '; '}
          <bdi>{plainText(one.by)}</bdi> said <b data-tone={one.call}>{WORDS[one.call].toLowerCase()}</b>,{' '}
          <When at={one.at} />
        </span>
      ))}
      .{canSay && ' Say it again to settle it.'}
    </p>
  );
}

/** Everybody's note, each with a name where it is not one's own. */
export function Noted({ choice, known }: { choice: Choice | null; known: Known | null }): ReactNode {
  const others = othersOf(choice, known);
  const own = choice?.note ?? '';
  return (
    <>
      {own !== '' && <p className="bp-note">{plainText(own)}</p>}
      {others.map(({ by, note }) => (
        <p key={by} className="bp-note">
          <b>
            <bdi>{plainText(by)}</bdi>:
          </b>{' '}
          {plainText(note)}
        </p>
      ))}
    </>
  );
}
