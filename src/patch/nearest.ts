/** Places of `wanted` in `lines`, as indexes from 0, all of them, overlapping ones too. */
export function placesOf(lines: readonly string[], wanted: readonly string[]): number[] {
  const places: number[] = [];
  if (wanted.length === 0) return places;
  for (let at = 0; at + wanted.length <= lines.length; at++) {
    let i = 0;
    while (i < wanted.length && lines[at + i] === wanted[i]) i++;
    if (i === wanted.length) places.push(at);
  }
  return places;
}

/**
 * The lines of a file that are most like `wanted`, with their numbers, for a message that helps whoever tries again;
 * '' if nothing is alike. Looks at every window of that length; equal but for spaces counts fully.
 */
export function nearestLines(lines: readonly string[], wanted: readonly string[], most = 12): string {
  const bare = wanted.map(squeeze).slice(0, 40);
  const texts = lines.map(squeeze);
  let best = { at: -1, score: 0 };
  for (let at = 0; at < lines.length; at++) {
    let score = 0;
    for (let i = 0; i < bare.length && at + i < lines.length; i++)
      score += likeness(texts[at + i]!, bare[i]!);
    if (score > best.score) best = { at, score };
  }
  if (best.at === -1 || best.score < 0.5) return '';
  return numbered(lines, best.at, Math.min(Math.max(wanted.length, 1), most));
}

/** `  12| text` for `count` lines from index `at`. Long lines are cut. */
export function numbered(lines: readonly string[], at: number, count: number): string {
  return lines
    .slice(at, at + count)
    .map(
      (line, i) =>
        `${String(at + i + 1).padStart(5)}| ${line.length > 200 ? `${line.slice(0, 200)}…` : line}`,
    )
    .join('\n');
}

function squeeze(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}

/** 1 for equal lines, else a share of words in common; blank lines say nothing. */
function likeness(a: string, b: string): number {
  if (a === '' || b === '') return 0;
  if (a === b) return /\w/.test(a) ? 1 : 0.1;
  const wordsOf = (text: string): Set<string> => new Set(text.slice(0, 400).match(/\w+/g) ?? []);
  const [x, y] = [wordsOf(a), wordsOf(b)];
  if (x.size === 0 || y.size === 0) return 0;
  let common = 0;
  for (const word of x) if (y.has(word)) common++;
  return (0.9 * 2 * common) / (x.size + y.size);
}
