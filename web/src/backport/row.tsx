import { memo, useCallback, useSyncExternalStore, type ReactNode } from 'react';
import type { PageVerdict } from '../../../src/desks/backport/page/data.ts';
import { LETTERS, WORDS, type Letter } from './calls.ts';
import { Details } from './details.tsx';
import { Linked, Outside, ToRow, useModel } from './linked.tsx';
import { Disputed, Noted, Said } from './said.tsx';
import type { Review } from './store.ts';
import { plainText, shortDate } from './text.ts';

/** One commit: what it is, what was told of it, what a person says. Events are handled by the table. */
export const Row = memo(function Row({ review, row }: { review: Review; row: number }): ReactNode {
  const state = useSyncExternalStore(
    useCallback((listener) => review.onRow(row, listener), [review, row]),
    () => review.row(row),
  );
  const { verdict, choice, known, lacks, against } = state;
  const isBackported = (verdict?.already ?? null) !== null;
  return (
    <>
      <tr
        role="row"
        aria-rowindex={row + 2}
        className="bp-row"
        data-row={row}
        data-call={state.call}
        data-had={isBackported || undefined}
        data-decided={(choice?.call ?? known?.call ?? null) !== null || undefined}
        aria-current={state.current || undefined}
        hidden={!state.shown}
        tabIndex={-1}
      >
        <Numbered row={row} />
        <Identity row={row} />
        <Subject row={row} verdict={verdict} />
        <td role="cell" className="bp-verdict">
          <Calls row={row} call={state.call} other={against?.call} refusal={review.refusal} />
          <Said call={state.call} verdict={verdict} choice={choice} known={known} />
        </td>
        <td role="cell" className="bp-reason">
          {against !== null && (
            <Disputed state={state} against={against} canSay={review.refusal === undefined} />
          )}
          <Reason verdict={verdict} lacks={lacks} />
          <Noted choice={choice} known={known} />
        </td>
      </tr>
      {state.open && state.shown && <Details review={review} state={state} />}
    </>
  );
});

const Numbered = memo(function Numbered({ row }: { row: number }): ReactNode {
  return (
    <td role="cell" className="bp-number">
      <span>{row + 1}</span>
      <input
        type="radio"
        name="start"
        autoComplete="off"
        className="bp-start"
        value={row + 1}
        aria-label={`Review starts at row ${row + 1}`}
        title="Review starts here: earlier rows are hidden"
      />
    </td>
  );
});

const Identity = memo(function Identity({ row }: { row: number }): ReactNode {
  const model = useModel();
  const { sha, date } = model.commit(row);
  return (
    <td role="cell" className="bp-identity">
      <Outside template={model.data.links.commit} blank="{sha}" value={sha}>
        <code>{model.short(sha)}</code>
      </Outside>
      <time dateTime={date} title={date}>
        {shortDate(date)}
      </time>
    </td>
  );
});

const Subject = memo(function Subject({
  row,
  verdict,
}: {
  row: number;
  verdict: PageVerdict | null;
}): ReactNode {
  const model = useModel();
  const { sha, subject, author, bug } = model.commit(row);
  const text = plainText(subject);
  return (
    <td role="cell" className="bp-subject">
      <div className={bug ? 'bp-bug' : undefined} dir="auto">
        <Outside template={model.data.links.commit} blank="{sha}" value={sha}>
          {text === '' ? '(no subject)' : text}
        </Outside>
      </div>
      <div className="bp-under">
        <Fits verdict={verdict} />
        {author !== null && <bdi className="bp-author">{plainText(author)}</bdi>}
      </div>
    </td>
  );
});

const HOW = {
  'picked-from': 'its message says where it was picked from',
  'same-author-date-subject': 'same author, date and subject',
  'same-change': 'changes the same',
  'same-commit': 'the same commit',
} as const;

/** Whether the branch has it, and whether it would apply. */
function Fits({ verdict }: { verdict: PageVerdict | null }): ReactNode {
  const model = useModel();
  if (verdict === null) return null;
  const { already, conflicts, prerequisites } = verdict;
  if (already !== null)
    return (
      <span className="bp-tag" data-tone="plain" title={`${HOW[already.how]}: ${already.sha}`}>
        has it as <code>{model.short(already.sha)}</code>
      </span>
    );
  if (conflicts === null) return null;
  if (conflicts.length === 0)
    return (
      <span className="bp-tag" data-tone="good">
        applies
      </span>
    );
  const [first = ''] = conflicts;
  return (
    <span className="bp-tag" data-tone="bad" title={conflicts.map(plainText).join('\n')}>
      conflicts in {plainText(first)}
      {conflicts.length > 1 && ` +${conflicts.length - 1}`}
      {prerequisites.length > 0 && ' without '}
      {prerequisites.slice(0, 3).map((sha) => {
        const at = model.find(sha);
        return at === undefined ? model.short(sha) : <ToRow key={sha} row={at} />;
      })}
    </span>
  );
}

/**
 * `autocomplete` keeps browsers from restoring what stood there before a reload, and from gathering the state of all
 * these fields whenever the address changes.
 */
const Calls = memo(function Calls({
  row,
  call,
  other,
  refusal,
}: {
  row: number;
  call: Letter;
  /** What somebody else said at the same time. */
  other: Letter | undefined;
  /** Why nothing may be chosen. */
  refusal: string | undefined;
}): ReactNode {
  const model = useModel();
  const { sha, subject } = model.commit(row);
  return (
    <div
      role="radiogroup"
      className="bp-calls"
      aria-label={`${model.short(sha)} ${plainText(subject).slice(0, 200)}`}
    >
      {LETTERS.map((letter) => (
        <input
          key={letter}
          type="radio"
          name={`call-${row}`}
          autoComplete="off"
          value={letter}
          aria-label={WORDS[letter]}
          title={refusal ?? WORDS[letter]}
          disabled={refusal !== undefined}
          data-other={letter === other || undefined}
          checked={call === letter}
          readOnly
        />
      ))}
    </div>
  );
});

const Reason = memo(function Reason({
  verdict,
  lacks,
}: {
  verdict: PageVerdict | null;
  lacks: readonly number[];
}): ReactNode {
  return (
    <>
      {lacks.length > 0 && (
        <p className="bp-lacks">
          needs{' '}
          {lacks.map((row, i) => (
            <span key={row}>
              {i > 0 && ', '}
              <ToRow row={row} />
            </span>
          ))}
          , {lacks.length === 1 ? 'which is' : 'which are'} not picked
        </p>
      )}
      {verdict !== null && (
        <>
          {quotesOf(verdict).map((quote) => (
            <q key={quote}>
              <Linked text={quote} />
            </q>
          ))}
          <span className="bp-why">
            <Linked text={verdict.reason} />
          </span>
        </>
      )}
    </>
  );
});

/** Of the message: what stands in quotes. The rest of the evidence are names of rules. */
function quotesOf({ evidence, reason }: PageVerdict): string[] {
  const quotes = evidence
    .filter((text) => text.startsWith('"'))
    .map((text) => text.slice(1).replace(/"$/, ''));
  return [...new Set(quotes)].filter((quote) => !reason.includes(quote)).slice(0, 2);
}
