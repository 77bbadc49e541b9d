import { useRef, useSyncExternalStore, type ReactNode } from 'react';
import { useTheme } from '../lib/theme.ts';
import { Icon } from '../ui/icons.tsx';
import { LETTERS, WORDS } from './calls.ts';
import { goTo } from './keys.ts';
import type { Review } from './store.ts';
import { plainText } from './text.ts';

/** Stays at the top: which branch, what is shown, and what was done. */
export function Bar({
  review,
  help,
  who,
}: {
  review: Review;
  help: () => void;
  /** Who reviews, and whether it is saved; without it, a field for the name. */
  who?: ReactNode;
}): ReactNode {
  const view = useSyncExternalStore(review.onView, review.view);
  const { title, project, branches } = review.model.data;
  const { theme, next, choose } = useTheme();
  const search = useRef<HTMLInputElement>(null);
  const first = (): void => {
    const row = review.next(null, 1);
    if (row !== undefined) goTo(review, row);
  };
  return (
    <header className="bp-bar">
      <div className="bp-line">
        <h1>
          {plainText(project)} <span>{plainText(title)}</span>
        </h1>
        {branches.length > 1 ? (
          <div role="group" aria-label="Branch" className="bp-branches">
            {branches.map((name, i) => (
              <button
                key={name}
                type="button"
                aria-pressed={i === view.branch}
                onClick={() => review.switchTo(i)}
              >
                {plainText(name)}
              </button>
            ))}
          </div>
        ) : (
          <span className="bp-only">onto {plainText(branches[0] ?? '')}</span>
        )}
        <span className="bp-gap" />
        {who ?? (
          <input
            className="bp-field bp-name"
            aria-label="Your name, kept with what you decide"
            placeholder="Your name"
            maxLength={200}
            autoComplete="off"
            value={view.reviewer}
            onChange={({ target }) => review.name(target.value)}
          />
        )}
        <button
          type="button"
          className="bp-button"
          disabled={!view.canUndo}
          onClick={() => review.undo()}
          title="Undo (z)"
        >
          Undo
        </button>
        <button
          type="button"
          className="bp-button"
          disabled={!view.canRedo}
          onClick={() => review.redo()}
          title="Redo (Z)"
        >
          Redo
        </button>
        <Exchange review={review} />
        {!review.isLive && (
          <button
            type="button"
            className="bp-button bp-icon"
            aria-label={`Colours: ${theme}; change to ${next}`}
            title={`Colours: ${theme}`}
            onClick={() => choose(next)}
          >
            <Icon name={theme === 'light' ? 'sun' : theme === 'dark' ? 'moon' : 'system'} />
          </button>
        )}
        <button type="button" className="bp-button bp-icon" aria-label="Keys" title="Keys (?)" onClick={help}>
          ?
        </button>
      </div>
      <div className="bp-line">
        <Toggles review={review} />
        <span className="bp-gap" />
        <span className="bp-count">
          {view.totals.shown} shown, {view.totals.decided} decided{!review.isLive && ' by you'}
        </span>
        <input
          ref={search}
          id="search"
          type="search"
          className="bp-field bp-search"
          aria-label="Search in subject, message, author, id, files and reason"
          placeholder="Search: words, files, ids  ( / )"
          autoComplete="off"
          spellCheck={false}
          value={view.query}
          onChange={({ target }) => review.search(target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' || event.key === 'ArrowDown') {
              event.preventDefault();
              first();
            } else if (event.key === 'Escape') {
              event.preventDefault();
              if (view.query === '') search.current?.blur();
              else review.search('');
            }
          }}
        />
      </div>
    </header>
  );
}

function Toggles({ review }: { review: Review }): ReactNode {
  const { show, totals } = useSyncExternalStore(review.onView, review.view);
  const toggle = (name: string, on: boolean, count: number, tone: string, flip: () => void): ReactNode => (
    <button
      key={name}
      type="button"
      className="bp-toggle"
      data-tone={tone}
      aria-pressed={on}
      title={`${on ? 'Hide' : 'Show'} ${name.toLowerCase()}`}
      onClick={flip}
    >
      {name} <b>{count}</b>
    </button>
  );
  return (
    <>
      <div role="group" aria-label="Verdicts shown" className="bp-toggles">
        {LETTERS.map((letter) =>
          toggle(WORDS[letter], show.calls[letter], totals.calls[letter], letter, () =>
            review.show({ ...show, calls: { ...show.calls, [letter]: !show.calls[letter] } }),
          ),
        )}
      </div>
      <div role="group" aria-label="States shown" className="bp-toggles">
        {toggle('New', show.fresh, totals.fresh, 'plain', () => review.show({ ...show, fresh: !show.fresh }))}
        {toggle('Backported', show.backported, totals.backported, 'plain', () =>
          review.show({ ...show, backported: !show.backported }),
        )}
      </div>
      {(totals.disputed > 0 || show.disputed) && (
        <div role="group" aria-label="Disagreements" className="bp-toggles">
          <button
            type="button"
            className="bp-toggle bp-only-disputed"
            aria-pressed={show.disputed}
            title={show.disputed ? 'Show all' : 'Show only what two people disagree on; d goes to the next'}
            onClick={() => review.show({ ...show, disputed: !show.disputed })}
          >
            Disputed <b>{totals.disputed}</b>
          </button>
        </div>
      )}
    </>
  );
}

function Exchange({ review }: { review: Review }): ReactNode {
  const file = useRef<HTMLInputElement>(null);
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([review.export()], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `backport-decisions-${new Date().toISOString().slice(0, 10)}.json`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <>
      <button
        type="button"
        className="bp-button"
        onClick={save}
        title="Save your decisions and notes as a file"
      >
        Export
      </button>
      <button
        type="button"
        className="bp-button"
        onClick={() => file.current?.click()}
        disabled={review.refusal !== undefined}
        title={review.refusal ?? 'Take over decisions from a file'}
      >
        Import
      </button>
      <input
        ref={file}
        type="file"
        accept="application/json,.json"
        aria-label="File of decisions"
        hidden
        onChange={({ target }) => {
          const [chosen] = target.files ?? [];
          target.value = '';
          chosen?.text().then(
            (text) => review.read(text),
            () => review.refuse('The file cannot be read.'),
          );
        }}
      />
    </>
  );
}
