import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { ToRow } from './linked.tsx';
import { CHERRY_PICK } from './picks.ts';
import type { Review } from './store.ts';
import { plainText } from './text.ts';

/** What the review comes to: shell lines to copy. */
export function PicksPanel({ review }: { review: Review }): ReactNode {
  const { totals, branch } = useSyncExternalStore(review.onView, review.view);
  const name = plainText(review.model.data.branches[branch] ?? '');
  return (
    <section aria-labelledby="picks" className="bp-picks">
      <h2 id="picks">
        {totals.picked} {totals.picked === 1 ? 'commit' : 'commits'} to pick onto {name}
      </h2>
      {totals.lacking.length > 0 && (
        <p className="bp-lacks">
          {totals.lacking.length === 1 ? 'One of them needs' : `${totals.lacking.length} of them need`}{' '}
          commits that are not picked:{' '}
          {totals.lacking.slice(0, 10).map((row) => (
            <span key={row}>
              <ToRow row={row} />{' '}
            </span>
          ))}
          {totals.lacking.length > 10 && '…'}
        </p>
      )}
      {totals.conflicting > 0 && (
        <p>
          {totals.conflicting} {totals.conflicting === 1 ? 'conflicts' : 'conflict'} when picked in this
          order.
        </p>
      )}
      <Arrays key={totals.arrays} arrays={totals.arrays} />
      <p>
        Then, in a checkout of {name}: <code>{CHERRY_PICK}</code>
      </p>
      <p className="bp-fine">
        Of rows from the start of the review on, in their order, without what {name} has; rows that are only
        hidden count. What you write in the box is gone with the next choice.
      </p>
    </section>
  );
}

function Arrays({ arrays }: { arrays: string }): ReactNode {
  const [text, setText] = useState(arrays);
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      setSaid('Select it and copy');
    }
  };
  return (
    <>
      <textarea
        aria-label="Shell arrays of commit ids"
        rows={9}
        spellCheck={false}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <p>
        <button type="button" className="bp-button" onClick={() => void copy()}>
          Copy
        </button>{' '}
        <span role="status">{said}</span>
      </p>
    </>
  );
}
