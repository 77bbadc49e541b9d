import { useId, useState, type ReactNode } from 'react';
import type { PageVerdict } from '../../../src/desks/backport/page/data.ts';
import { WORDS } from './calls.ts';
import { Linked, ToRow, useModel } from './linked.tsx';
import { othersOf } from './people.ts';
import type { RowState } from './row-state.ts';
import type { Review } from './store.ts';
import { plainText } from './text.ts';

let sessions = 0;

/** Everything of one commit: its message, its files, why it was told so, and notes. */
export function Details({ review, state }: { review: Review; state: RowState }): ReactNode {
  const model = useModel();
  const { row, verdict, choice, known } = state;
  const commit = model.commit(row);
  return (
    <tr role="row" className="bp-details" data-details={row}>
      <td role="cell" aria-colspan={5}>
        <div className="bp-message">
          <h3>Message</h3>
          <pre dir="auto" tabIndex={0} aria-label="Message">
            {commit.body === '' ? '(nothing but the subject)' : <Linked text={commit.body} />}
          </pre>
          <p className="bp-full">
            <code>{commit.sha}</code>
          </p>
        </div>
        <div className="bp-facts">
          <h3>
            {commit.files.length + commit.moreFiles}{' '}
            {commit.files.length + commit.moreFiles === 1 ? 'file' : 'files'}
          </h3>
          <ul>
            {commit.files.map(([path, added, removed]) => (
              <li key={path}>
                <code>{plainText(path)}</code> <ins>+{added}</ins> <del>−{removed}</del>
              </li>
            ))}
            {commit.moreFiles > 0 && <li>and {commit.moreFiles} more</li>}
          </ul>
          {verdict !== null && <Why verdict={verdict} />}
        </div>
        <div className="bp-notes">
          <Notes review={review} row={row} note={choice?.note ?? ''} />
          {known !== null && known.call !== null && known.by !== choice?.by && (
            <p>
              <bdi>{plainText(known.by)}</bdi> said {WORDS[known.call].toLowerCase()}
            </p>
          )}
          {othersOf(choice, known).map(({ by, note: text }) => (
            <p key={by} className="bp-note">
              <b>
                <bdi>{plainText(by)}</bdi>:
              </b>{' '}
              {plainText(text)}
            </p>
          ))}
          {choice !== null && choice.call !== null && review.refusal === undefined && (
            <button type="button" className="bp-button" data-reset={row}>
              Back to what was suggested
            </button>
          )}
        </div>
      </td>
    </tr>
  );
}

function Why({ verdict }: { verdict: PageVerdict }): ReactNode {
  const model = useModel();
  const { evidence, needs, prerequisites, conflicts, engine } = verdict;
  const needed = [...new Set([...prerequisites, ...needs])];
  return (
    <>
      <h3>
        Evidence <small>by {engine}</small>
      </h3>
      <ul>
        {[...new Set(evidence)].map((text) => (
          <li key={text}>{text.startsWith('"') ? <Linked text={text} /> : plainText(text)}</li>
        ))}
      </ul>
      {needed.length > 0 && (
        <>
          <h3>Needs</h3>
          <ul>
            {needed.map((sha) => {
              const at = model.find(sha);
              return (
                <li key={sha}>
                  {at === undefined ? <code>{model.short(sha)}</code> : <ToRow row={at} />}{' '}
                  {at === undefined ? '(not on this page)' : plainText(model.commit(at).subject)}
                  {prerequisites.includes(sha) && ' — conflicts without it'}
                </li>
              );
            })}
          </ul>
        </>
      )}
      {conflicts !== null && conflicts.length > 0 && (
        <>
          <h3>Conflicts</h3>
          <ul>
            {[...new Set(conflicts)].map((path) => (
              <li key={path}>
                <code>{plainText(path)}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Notes({ review, row, note }: { review: Review; row: number; note: string }): ReactNode {
  const id = useId();
  const [mark, setMark] = useState('');
  return (
    <>
      <h3>
        <label htmlFor={id}>Notes</label>
      </h3>
      <textarea
        id={id}
        rows={4}
        maxLength={4000}
        value={note}
        placeholder={
          review.refusal ??
          (review.isLive ? 'Shown to everybody, with your name' : 'Kept with your decision, and exported')
        }
        disabled={review.refusal !== undefined}
        onFocus={() => {
          setMark(`note ${++sessions}`);
          review.moveTo(row);
        }}
        onChange={({ target }) => review.note(row, target.value, mark)}
        onBlur={() => review.settle()}
      />
    </>
  );
}
