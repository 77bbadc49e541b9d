import { useId, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { plainText } from '../text.ts';
import type { LiveReview } from './live-review.ts';

/** Who reviews here, and whether what they said is saved. */
export function Who({ live: { review, outbox } }: { live: LiveReview }): ReactNode {
  const { reviewer } = useSyncExternalStore(review.onView, review.view);
  const { waiting, trouble } = useSyncExternalStore(outbox.onState, outbox.state);
  if (review.refusal !== undefined) return null;
  return (
    <>
      <span
        role="status"
        className="bp-saving"
        data-tone={trouble === null ? undefined : 'bad'}
        title={trouble ?? 'What you choose is sent at once'}
      >
        {waiting === 0
          ? reviewer !== '' && 'Saved'
          : trouble === null
            ? 'Saving…'
            : `Not saved yet (${waiting})`}
      </span>
      <button
        type="button"
        className="bp-button bp-who"
        title="Your name stands with what you choose; change it"
        onClick={() => review.askName()}
      >
        <Icon name="user" />
        <span>{reviewer === '' ? 'Say who you are' : plainText(reviewer)}</span>
      </button>
    </>
  );
}

/** Asked once: every decision has a name. */
export function NameDialog({ live: { review } }: { live: LiveReview }): ReactNode {
  const { asking, reviewer } = useSyncExternalStore(review.onView, review.view);
  return (
    <Dialog title="Who are you?" open={asking} onClose={() => review.answerName(null)}>
      <NameForm name={reviewer} answer={(name) => review.answerName(name)} />
    </Dialog>
  );
}

function NameForm({ name, answer }: { name: string; answer: (name: string | null) => void }): ReactNode {
  const id = useId();
  const [text, setText] = useState(name);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') answer(text);
      }}
    >
      <label htmlFor={id}>Your name. Others see it beside what you choose; it is remembered here.</label>
      <input
        id={id}
        autoFocus
        className="mt-2 w-full rounded-md border border-line-strong bg-panel px-3 py-1.5"
        maxLength={200}
        autoComplete="name"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <p className="bp-actions">
        <Button onClick={() => answer(null)}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={text.trim() === ''}>
          Go on
        </Button>
      </p>
    </form>
  );
}
