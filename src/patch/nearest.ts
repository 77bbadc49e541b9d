/**
 * Where a file has the lines that are most like `wanted`; null if nothing is alike. Looks at every window of that
 * length; equal but for spaces counts fully.
 */
export function nearestWindow(
  lines: readonly string[],
  wanted: readonly string[],
): { at: number; count: number } | null {
  const bare = wanted.map(squeeze).slice(0, 40);
  const texts = lines.map(squeeze);
  const words = texts.map(wordsOf);
  const wantedWords = bare.map(wordsOf);
  let best = { at: -1, score: 0 };
  for (let at = 0; at < lines.length; at++) {
    let score = 0;
    for (let i = 0; i < bare.length && at + i < lines.length; i++)
      score += likeness(texts[at + i]!, bare[i]!, words[at + i]!, wantedWords[i]!);
    if (score > best.score) best = { at, score };
  }
  if (best.at === -1 || best.score < 0.5) return null;
  return { at: best.at, count: Math.max(wanted.length, 1) };
}

/** `nearestWindow` as numbered lines for a message; '' if nothing is alike. */
export function nearestLines(lines: readonly string[], wanted: readonly string[], most = 12): string {
  const near = nearestWindow(lines, wanted);
  return near === null ? '' : numbered(lines, near.at, Math.min(near.count, most));
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

function wordsOf(line: string): Set<string> {
  return new Set(line.slice(0, 400).match(/\w+/g) ?? []);
}

/** 1 for equal lines, else a share of words in common; blank lines say nothing. */
function likeness(a: string, b: string, x: ReadonlySet<string>, y: ReadonlySet<string>): number {
  if (a === '' || b === '') return 0;
  if (a === b) return /\w/.test(a) ? 1 : 0.1;
  if (x.size === 0 || y.size === 0) return 0;
  let common = 0;
  for (const word of y) if (x.has(word)) common++;
  return (0.9 * 2 * common) / (x.size + y.size);
}
