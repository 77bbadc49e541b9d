import { LETTERS, type Letter } from './calls.ts';

/** What is shown, as in `#show=nuwy,new,backported&start=12`. */
export interface Shown {
  calls: Readonly<Record<Letter, boolean>>;
  fresh: boolean;
  backported: boolean;
  /** Only what two people disagree on. */
  disputed: boolean;
}

export interface Hash {
  show: Shown | null;
  /** The row at which the review starts, from 1; 0 for all; null where it is not said. */
  start: number | null;
  branch: string | null;
}

export const EVERYTHING: Shown = {
  calls: { n: true, u: true, w: true, y: true },
  fresh: true,
  backported: true,
  disputed: false,
};

/** What does not make sense is as if it were not said. */
export function parseHash(hash: string): Hash {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const show = params.get('show');
  const start = params.get('start');
  return {
    show: show === null ? null : parseShow(show),
    start: start !== null && /^\d{1,7}$/.test(start) ? Number(start) : null,
    branch: params.get('branch'),
  };
}

const WORDS = new Set(['new', 'backported', 'disputed']);

function parseShow(text: string): Shown {
  const words = text.split(',');
  const letters = words.filter((word) => !WORDS.has(word)).join('');
  const has = (letter: Letter): boolean => letters.includes(letter);
  return {
    calls: { n: has('n'), u: has('u'), w: has('w'), y: has('y') },
    fresh: words.includes('new'),
    backported: words.includes('backported'),
    disputed: words.includes('disputed'),
  };
}

export function formatHash(
  { calls, fresh, backported, disputed }: Shown,
  start: number,
  branch: string | null,
): string {
  const letters = LETTERS.filter((letter) => calls[letter]).join('');
  const words = [
    letters,
    fresh ? 'new' : '',
    backported ? 'backported' : '',
    disputed ? 'disputed' : '',
  ].filter((word) => word !== '');
  const of = branch === null ? '' : `&branch=${encodeURIComponent(branch)}`;
  return `#show=${words.join(',')}&start=${start}${of}`;
}
