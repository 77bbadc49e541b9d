import { useEffect } from 'react';

/** How long the second key of `g i` may take. */
const CHORD_MS = 1500;

export const PLACES = {
  a: '/apps',
  i: '/incidents',
  p: '/proposals',
  r: '/recordings',
  t: '/traces',
  b: '/backport',
} as const;
type Place = (typeof PLACES)[keyof typeof PLACES];

/** Keys that work everywhere, except where text is written. */
export function useShortcuts(go: (place: Place) => void, help: () => void): void {
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent): void => {
      // A page with keys of its own was quicker.
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target))
        return;
      const { key } = event;
      if (performance.now() < chordUntil && key in PLACES) {
        chordUntil = 0;
        event.preventDefault();
        go(PLACES[key as keyof typeof PLACES]);
        return;
      }
      chordUntil = key === 'g' ? performance.now() + CHORD_MS : 0;
      if (key === '?') help();
      else if (key === '/') focusSearch(event);
      else if (key === 'j') moveRow(1);
      else if (key === 'k') moveRow(-1);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [go, help]);
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.closest('input, textarea, select, dialog') !== null;
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLElement>('main [type="search"]');
  if (!search) return;
  event.preventDefault();
  search.focus();
}

/** Lists mark the link of each row with `data-row`. */
function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const now = rows.indexOf(document.activeElement as HTMLElement);
  const next = now === -1 ? (by === 1 ? 0 : rows.length - 1) : now + by;
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
}
