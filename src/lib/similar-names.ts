/** Damerau-Levenshtein (optimal string alignment), cut off at `limit` + 1. */
export function distance(a: string, b: string, limit = 3): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2]! + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return Math.min(row[b.length]!, limit + 1);
}

/** `unitPrice`, `unit_price`, `UnitPrice` and `unit-price` are one name in different spellings. */
function folded(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

/** 0 … 1: how likely one name was meant where the other is written. */
function similarity(written: string, meant: string): number {
  if (written === meant) return 0;
  const [a, b] = [folded(written), folded(meant)];
  if (a === b) return 1;
  const shorter = Math.min(a.length, b.length);
  if (shorter < 2) return 0;
  if (singularOf(a) === singularOf(b)) return 0.9;
  const steps = distance(a, b, 3);
  if (steps <= (shorter >= 6 ? 2 : 1) && shorter >= 3) return 0.9 - steps * 0.15;
  // `email` for `emailAddress`, `userId` for `id`: the words of one are among the other's
  const words = new Set(wordsOf(meant));
  const own = wordsOf(written);
  const shared = own.filter((word) => words.has(word)).length;
  const all = Math.max(own.length, words.size);
  if (shared > 0 && all > 1) return 0.6 * (shared / all);
  // `desc` for `description`, `nick` for `nickname`; less so `name` for `nickname`
  if (shorter < 3) return 0;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.startsWith(short) ? 0.5 : long.endsWith(short) && shorter > 3 ? 0.4 : 0;
}

function singularOf(name: string): string {
  return name.replace(/ies$/, 'y').replace(/s$/, '');
}

export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => singularOf(word.toLowerCase()));
}

/** The names that may have been meant, best first. */
export function closest(
  written: string,
  names: Iterable<string>,
  least = 0.4,
): { name: string; score: number }[] {
  const scored: { name: string; score: number }[] = [];
  for (const name of new Set(names)) {
    const score = similarity(written, name);
    if (score >= least) scored.push({ name, score });
  }
  return scored.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
}
