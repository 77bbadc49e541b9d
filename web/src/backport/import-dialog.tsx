import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { WORDS } from './calls.ts';
import type { Read } from './exchange.ts';
import type { Choice } from './journal.ts';
import { useModel } from './linked.tsx';
import type { Review } from './store.ts';
import { plainText } from './text.ts';

const LISTED = 200;

/** What a file holds, before any of it is taken. */
export function ImportDialog({ review }: { review: Review }): ReactNode {
  const { imported, importError } = useSyncExternalStore(review.onView, review.view);
  return (
    <Dialog
      title="Import decisions"
      open={imported !== null || importError !== null}
      onClose={() => review.dismiss()}
    >
      {importError !== null && (
        <>
          <p role="alert">{importError}</p>
          <p className="bp-actions">
            <Button onClick={() => review.dismiss()}>Close</Button>
          </p>
        </>
      )}
      {imported !== null && <Found review={review} read={imported} />}
    </Dialog>
  );
}

function Found({ review, read }: { review: Review; read: Read }): ReactNode {
  const { taken, same, conflicts, refused } = read;
  const [theirs, setTheirs] = useState<ReadonlySet<number>>(new Set());
  const choose = (i: number, isTheirs: boolean): void => {
    const next = new Set(theirs);
    if (isTheirs) next.add(i);
    else next.delete(i);
    setTheirs(next);
  };
  const count = taken.length + theirs.size;
  return (
    <div className="bp-import">
      <p>
        {taken.length} new, {same} as you have them, {conflicts.length} otherwise than you have them,{' '}
        {refused.length} refused.
      </p>
      {conflicts.length > 0 && (
        <>
          <p className="bp-actions">
            <Button onClick={() => setTheirs(new Set())}>Keep all mine</Button>
            <Button onClick={() => setTheirs(new Set(conflicts.keys()))}>Take all theirs</Button>
          </p>
          <ul>
            {conflicts.slice(0, LISTED).map((conflict, i) => (
              <li key={i}>
                <Conflict conflict={conflict} isTheirs={theirs.has(i)} choose={(which) => choose(i, which)} />
              </li>
            ))}
            {conflicts.length > LISTED && <li>and {conflicts.length - LISTED} more</li>}
          </ul>
        </>
      )}
      {refused.length > 0 && (
        <details>
          <summary>Refused</summary>
          <ul>
            {refused.slice(0, LISTED).map(({ what, why }, i) => (
              <li key={i}>
                {plainText(what)}: {why}
              </li>
            ))}
            {refused.length > LISTED && <li>and {refused.length - LISTED} more</li>}
          </ul>
        </details>
      )}
      <p className="bp-actions">
        <Button onClick={() => review.dismiss()}>Cancel</Button>
        <Button
          kind="primary"
          disabled={count === 0}
          onClick={() => review.take([...theirs].map((i) => conflicts[i]!))}
        >
          Take {count}
        </Button>
      </p>
    </div>
  );
}

function Conflict({
  conflict,
  isTheirs,
  choose,
}: {
  conflict: Read['conflicts'][number];
  isTheirs: boolean;
  choose: (isTheirs: boolean) => void;
}): ReactNode {
  const model = useModel();
  const { row, sha, branch, own, choice } = conflict;
  const subject = plainText(model.commit(row).subject);
  const options = [
    [false, 'Mine', own],
    [true, 'Theirs', choice],
  ] as const;
  return (
    <fieldset>
      <legend>
        <code>{model.short(sha)}</code> onto {plainText(branch)}: {subject}
      </legend>
      {options.map(([which, word, said]) => (
        <label key={word}>
          <input
            type="radio"
            name={`conflict ${sha} ${branch}`}
            checked={isTheirs === which}
            onChange={() => choose(which)}
          />{' '}
          {word}: {wordsOf(said)}
        </label>
      ))}
    </fieldset>
  );
}

function wordsOf({ call, note, by }: Choice): string {
  const said = call === null ? 'only a note' : WORDS[call].toLowerCase();
  return `${said}${by === '' ? '' : `, ${plainText(by)}`}${note === '' ? '' : `: ${plainText(note).slice(0, 200)}`}`;
}
