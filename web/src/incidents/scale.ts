/** From times to places on a line: `place(t)` for what is between `from` and `to`, and round ticks. */
export interface Scale {
  place(at: number): number;
  ticks: readonly { at: number; x: number; label: string }[];
}

const STEPS = [1, 2, 5];

/** Times in microseconds; labels count from `zero`. `width` and `x0` are pixels; a tick each 90 pixels at most. */
export function timeScale(
  span: { from: number; to: number; zero: number },
  x0: number,
  width: number,
): Scale {
  const { from, zero } = span;
  const length = Math.max(1, span.to - from);
  const place = (at: number): number => x0 + (Math.max(0, Math.min(length, at - from)) / length) * width;
  const step = roundStep(length / Math.max(1, Math.floor(width / 90)));
  const ticks = [];
  for (let at = zero + Math.ceil((from - zero) / step) * step; at <= from + length; at += step) {
    ticks.push({ at, x: place(at), label: duration(at - zero) });
  }
  return { place, ticks };
}

function roundStep(least: number): number {
  for (let power = 1; ; power *= 10) {
    const step = STEPS.find((each) => each * power >= least);
    if (step !== undefined) return step * power;
  }
}

function duration(us: number): string {
  if (us === 0) return '0';
  if (Math.abs(us) < 1000) return `${us} µs`;
  if (Math.abs(us) < 1_000_000) return `${Number((us / 1000).toFixed(1))} ms`;
  return `${Number((us / 1_000_000).toFixed(2))} s`;
}

export interface Placed<T> {
  item: T;
  lane: number;
}

/** Puts what overlaps into lanes of its own, so that nothing hides anything. At most `most` lanes; the rest shares the last. */
export function lanesOf<T>(
  items: readonly T[],
  edges: (item: T) => readonly [number, number],
  most: number,
): Placed<T>[] {
  const ends: number[] = [];
  return items.map((item) => {
    const [start, end] = edges(item);
    const free = ends.findIndex((before) => before <= start);
    const lane = free !== -1 ? free : Math.min(ends.length, most - 1);
    ends[lane] = Math.max(end, ends[lane] ?? 0);
    return { item, lane };
  });
}
