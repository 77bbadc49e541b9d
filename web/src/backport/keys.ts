import { letterOf } from './calls.ts';
import type { Review } from './store.ts';

export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['j / k', 'next and previous row'],
  ['y w u n', 'yes, wait, uncertain, no; and on to the next row'],
  ['Enter or o', 'open and close the details'],
  ['z or Ctrl+Z', 'undo'],
  ['Z or Ctrl+Y', 'redo'],
  ['x', 'back to what was suggested'],
  ['s', 'the review starts at this row'],
  ['d', 'next row that two people disagree on'],
  ['/', 'search; Escape empties it'],
  ['[ and ]', 'previous and next branch'],
  ['?', 'this help'],
];

/** Keys that work everywhere, except where text is written or a dialog is open. */
export function listenToKeys(review: Review, help: () => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.defaultPrevented) return;
    // From the notes back to their row.
    if (event.key === 'Escape' && isNote(event.target) && review.current !== null)
      goTo(review, review.current);
    if (isWriting(event.target)) return;
    if (act(review, event, help)) event.preventDefault();
  };
  // Before the keys of the pages around it, which leave alone what was taken here.
  document.addEventListener('keydown', onKey, true);
  return () => document.removeEventListener('keydown', onKey, true);
}

function act(review: Review, event: KeyboardEvent, help: () => void): boolean {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey) {
    if (key.toLowerCase() === 'z') back(review, event.shiftKey ? 'redo' : 'undo');
    else if (key === 'y') back(review, 'redo');
    else return false;
    return true;
  }
  const call = letterOf(key);
  if (call !== undefined)
    return onCurrent(review, (row) => sayAndGo(review, row, () => review.say(row, call)));
  if (key === 'x') return onCurrent(review, (row) => review.say(row, null));
  if (key === 's') return onCurrent(review, (row) => review.startAt(row + 1));
  if (key === 'o') return onCurrent(review, (row) => review.toggle(row));
  if (key === 'Enter') {
    if (target instanceof Element && target.closest('a, button, summary') !== null) return false;
    return onCurrent(review, (row) => review.toggle(row));
  }
  if (key === 'j') return step(review, 1);
  if (key === 'k') return step(review, -1);
  if (key === 'z') back(review, 'undo');
  else if (key === 'Z') back(review, 'redo');
  else if (key === 'd') dispute(review);
  else if (key === '[') review.switchTo(review.view().branch - 1);
  else if (key === ']') review.switchTo(review.view().branch + 1);
  else if (key === '/') document.querySelector<HTMLElement>('#search')?.focus();
  else if (key === '?') help();
  else return false;
  return true;
}

function onCurrent(review: Review, does: (row: number) => void): boolean {
  const row = review.current;
  if (row === null || !review.row(row).shown) return false;
  does(row);
  return true;
}

/** The next row is looked for first: what was said may hide this one. */
function sayAndGo(review: Review, row: number, say: () => void): void {
  const next = review.next(row, 1);
  say();
  if (next !== undefined) goTo(review, next);
}

function step(review: Review, by: 1 | -1): boolean {
  const row = review.current;
  const next = review.next(row, by);
  if (next !== undefined) goTo(review, next);
  return true;
}

function dispute(review: Review): void {
  const row = review.nextDisputed(review.current);
  if (row === undefined) return;
  review.reveal(row);
  // The row may only now be shown.
  requestAnimationFrame(() => goTo(review, row));
}

function back(review: Review, what: 'undo' | 'redo'): void {
  review[what]();
  if (review.current !== null && review.row(review.current).shown) goTo(review, review.current);
}

/** Makes a row the current one and brings it into sight. */
export function goTo(review: Review, row: number): void {
  review.moveTo(row);
  const element = document.querySelector<HTMLElement>(`tr[data-row="${row}"]`);
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'nearest' });
}

function isNote(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement && target.closest('.bp-notes') !== null;
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog') !== null) return true;
  const field = target.closest('input, textarea, select');
  return field !== null && !(field instanceof HTMLInputElement && field.type === 'radio');
}
