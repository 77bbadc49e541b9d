/** Verdicts of one probability, and what became of their commits. */
export interface Bin {
  from: number;
  to: number;
  commits: number;
  said: number;
  picked: number;
}

const SIZE = 360;
const MARGIN = 48;

/** A reliability diagram: what was said against what became of it; on the line both are the same. Circles are as large as they count. */
export function reliabilitySvg(bins: readonly Bin[], title: string): string {
  const at = (share: number): number => MARGIN + share * (SIZE - 2 * MARGIN);
  const most = Math.max(1, ...bins.map(({ commits }) => commits));
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const text = (x: number, y: number, anchor: string, words: string): string =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(words)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" width="${SIZE}" height="${SIZE}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${SIZE}" height="${SIZE}" fill="#fff"/>`,
    `<rect x="${MARGIN}" y="${MARGIN}" width="${SIZE - 2 * MARGIN}" height="${SIZE - 2 * MARGIN}" fill="none" stroke="#999"/>`,
    `<line x1="${at(0)}" y1="${at(1)}" x2="${at(1)}" y2="${at(0)}" stroke="#999" stroke-dasharray="4 3"/>`,
    ...ticks.flatMap((tick) => [
      text(at(tick), SIZE - MARGIN + 16, 'middle', String(tick)),
      text(MARGIN - 6, at(1 - tick) + 4, 'end', String(tick)),
    ]),
    text(SIZE / 2, SIZE - 8, 'middle', 'how likely it was said to be'),
    `<text x="14" y="${SIZE / 2}" text-anchor="middle" transform="rotate(-90 14 ${SIZE / 2})">share really picked</text>`,
    text(SIZE / 2, 24, 'middle', title),
    ...bins.map(
      ({ said, picked, commits }) =>
        `<circle cx="${at(said).toFixed(1)}" cy="${at(1 - picked).toFixed(1)}" r="${(3 + 9 * Math.sqrt(commits / most)).toFixed(1)}" fill="#2563eb" fill-opacity="0.6"><title>${commits} commits: said ${said.toFixed(2)}, picked ${picked.toFixed(2)}</title></circle>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

const WIDTH = 40;

/** The same for a terminal: `|` is what was said, `█` what became of it. */
export function reliabilityBar({ said, picked }: Bin): string {
  const bar = '█'.repeat(Math.round(picked * WIDTH)).padEnd(WIDTH);
  const mark = Math.min(Math.round(said * WIDTH), WIDTH - 1);
  return `${bar.slice(0, mark)}|${bar.slice(mark + 1)}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
