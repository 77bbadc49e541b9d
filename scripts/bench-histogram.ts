/** Steps to each power of two: values are kept to 0.4 %. */
const STEPS = 256;
const STEP_BITS = 8;
const OCTAVES = 24;

/** Counts of latencies in microseconds, up to about an hour, in buckets that grow with the value (as HdrHistogram's do). */
export class Histogram {
  readonly #counts = new Uint32Array(STEPS * OCTAVES);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(micros: number): void {
    const value = Math.min(Math.max(Math.round(micros), 0), 2 ** 31 - 1);
    const octave = Math.max(0, 31 - Math.clz32(value) - STEP_BITS + 1);
    this.#counts[(octave === 0 ? 0 : octave * (STEPS / 2)) + (value >>> octave)]!++;
    this.#total++;
  }

  /** The middle of the bucket below which the `share` (0 … 1) of all values lies; 0 when there is none. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(this.#total * share));
    for (let index = 0; index < this.#counts.length; index++) {
      left -= this.#counts[index]!;
      if (left <= 0) return middleOf(index);
    }
    return 0;
  }
}

/** The inverse of the bucket's number in `add`. */
function middleOf(index: number): number {
  if (index < STEPS) return index;
  const octave = Math.floor(index / (STEPS / 2)) - 1;
  const low = (index - octave * (STEPS / 2)) * 2 ** octave;
  return low + 2 ** (octave - 1);
}
