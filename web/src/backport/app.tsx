import { useEffect, useRef, useState, useSyncExternalStore, type MouseEvent, type ReactNode } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { Bar } from './bar.tsx';
import { ImportDialog } from './import-dialog.tsx';
import { KEYS, goTo, listenToKeys } from './keys.ts';
import { ModelContext } from './linked.tsx';
import { PicksPanel } from './picks-panel.tsx';
import type { Review } from './store.ts';
import { Table } from './table.tsx';
import { plainText } from './text.ts';
import { totalsText } from './totals.ts';

/** `who` and `notices` are of a review that others see too. */
export function App({
  review,
  who,
  notices,
}: {
  review: Review;
  who?: ReactNode;
  notices?: ReactNode;
}): ReactNode {
  const [helps, setHelps] = useState(false);
  const head = useRef<HTMLDivElement>(null);
  useEffect(() => listenToKeys(review, () => setHelps(true)), [review]);
  useEffect(() => {
    // Rows that keys move to must not end up below the bar, however many lines it has.
    const watch = new ResizeObserver(() => {
      document.documentElement.style.setProperty('--bp-bar', `${head.current?.offsetHeight ?? 0}px`);
    });
    watch.observe(head.current!);
    return () => watch.disconnect();
  }, []);
  const onClick = ({ target }: MouseEvent<HTMLElement>): void => {
    const to =
      target instanceof Element ? target.closest<HTMLElement>('[data-to]')?.dataset['to'] : undefined;
    if (to === undefined) return;
    review.reveal(Number(to));
    // The row may only now be shown.
    requestAnimationFrame(() => goTo(review, Number(to)));
  };
  return (
    <ModelContext value={review.model}>
      <div className={review.isLive ? 'bp bp-live' : 'bp'} onClick={onClick}>
        <div ref={head} className="bp-sticky">
          <Bar review={review} help={() => setHelps(true)} who={who} />
        </div>
        <Frame isLive={review.isLive}>
          {notices}
          <Notices review={review} />
          <Table review={review} />
          <Nothing review={review} />
          <PicksPanel review={review} />
        </Frame>
        <Said review={review} />
        <ImportDialog review={review} />
        <Dialog title="Keys" open={helps} onClose={() => setHelps(false)}>
          <dl className="bp-keys">
            {KEYS.map(([keys, does]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
          <p className="bp-fine">
            {review.isLive ? (
              'What you choose is sent at once, and shown to everybody who looks at this review.'
            ) : (
              <>
                What you choose stays in this browser. Export it to give it to somebody, or to{' '}
                <code>vouch backport import</code>.
              </>
            )}
          </p>
        </Dialog>
      </div>
    </ModelContext>
  );
}

/** The pages around a live review have a main part already. */
function Frame({ isLive, children }: { isLive: boolean; children: ReactNode }): ReactNode {
  return isLive ? <div>{children}</div> : <main>{children}</main>;
}

function Notices({ review }: { review: Review }): ReactNode {
  const { storage, totals, branch } = useSyncExternalStore(review.onView, review.view);
  const name = plainText(review.model.data.branches[branch] ?? '');
  return (
    <>
      <p className="bp-print-only">
        Onto {name}: {totalsText(totals)}. {totals.shown} of {review.model.count} commits shown.
      </p>
      {storage === 'refused' && (
        <p role="alert" className="bp-notice" data-tone="bad">
          This browser does not let the page store anything: what you choose is gone when it is closed or
          loaded again. Export it before.
        </p>
      )}
      {totals.before > 0 && (
        <p className="bp-notice">
          {totals.before} earlier {totals.before === 1 ? 'commit is' : 'commits are'} hidden
          {totals.wantedBefore > 0 && (
            <>
              ,{' '}
              <strong>
                {totals.wantedBefore} of them “yes” and not on {name}
              </strong>
            </>
          )}
          .{' '}
          <button type="button" className="bp-link" onClick={() => review.startAt(0)}>
            Show all
          </button>
        </p>
      )}
    </>
  );
}

function Nothing({ review }: { review: Review }): ReactNode {
  const { totals, query } = useSyncExternalStore(review.onView, review.view);
  if (totals.shown > 0) return null;
  const { count } = review.model;
  return (
    <p className="bp-nothing">
      {count === 0
        ? 'There are no commits in this range.'
        : query !== ''
          ? 'Nothing of what is shown has all these words.'
          : totals.before >= count
            ? 'Everything up to the last commit is done. “All”, at the upper left, shows it.'
            : 'Nothing to show with these switches.'}
    </p>
  );
}

function Said({ review }: { review: Review }): ReactNode {
  const { said } = useSyncExternalStore(review.onView, review.view);
  return (
    <p role="status" aria-live="polite" className="sr-only" id="said">
      {said}
    </p>
  );
}
