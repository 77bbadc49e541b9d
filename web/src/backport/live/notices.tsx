import { useSyncExternalStore, type ReactNode } from 'react';
import { plainText } from '../text.ts';
import type { LiveReview } from './live-review.ts';

/** What a reviewer has to know of the way to the server. */
export function Notices({ live, reload }: { live: LiveReview; reload: () => void }): ReactNode {
  const { review, outbox } = live;
  const { waiting, trouble, refused, isKept } = useSyncExternalStore(outbox.onState, outbox.state);
  const isOld = useSyncExternalStore(live.onOld, live.isOld);
  return (
    <>
      {review.refusal !== undefined && <p className="bp-notice">{review.refusal}.</p>}
      {isOld && (
        <p role="alert" className="bp-notice">
          A newer page of this history was published.{' '}
          <button type="button" className="bp-link" onClick={reload}>
            Show it
          </button>
        </p>
      )}
      {trouble !== null && (
        <p role="alert" className="bp-notice" data-tone="bad">
          Not saved yet ({waiting}): {plainText(trouble)}{' '}
          {isKept
            ? 'It is kept in this browser, and sent as soon as the server answers.'
            : 'This browser keeps nothing: leave the page open until it is sent.'}{' '}
          <button type="button" className="bp-link" onClick={() => outbox.retry()}>
            Try now
          </button>
        </p>
      )}
      {refused.length > 0 && (
        <div role="alert" className="bp-notice" data-tone="bad">
          The server does not take {refused.length} of your choices:
          <ul>
            {refused.slice(0, 5).map(({ saying: { sha, branch, note }, why }, i) => (
              <li key={i}>
                {review.model.short(sha)} onto {plainText(branch)}: {plainText(why)}
                {note !== '' && ` (your note: ${plainText(note).slice(0, 500)})`}
              </li>
            ))}
          </ul>
          <button type="button" className="bp-link" onClick={() => outbox.retryRefused()}>
            Try again
          </button>{' '}
          <button type="button" className="bp-link" onClick={() => outbox.dropRefused()}>
            Drop them
          </button>
        </div>
      )}
    </>
  );
}
