import type { Hunk } from '../intent.ts';
import type { Candidate } from './candidates.ts';

/** A wrong number is forgiven this many lines: a context's worth. */
const NEAR = 3;

/** What the hunks of a file show about how far their line numbers can be trusted. */
export interface Numbers {
  /** Both starts of all hunks agree with each other and with the lines that the hunks add and remove. */
  consistent: boolean;
  /** How far the hunks that have one place only are from where they say, all the same; null if they differ or there are none. */
  offset: number | null;
  /** How many hunks show that. */
  witnesses: number;
}

/**
 * The one candidate that the hunk's line number points at, or null. The number breaks a tie only: it must be exactly
 * at one where all numbers of the file are right, or near one and far from all others.
 */
export function byLine(hunk: Hunk, candidates: readonly Candidate[], numbers: Numbers): Candidate | null {
  if (hunk.oldStart === null) return null;
  // Where the result is there, the lines that the hunks above it add are there too.
  const offset = (one: Candidate): number =>
    one.start + 1 - (one.done ? (hunk.newStart ?? hunk.oldStart!) : hunk.oldStart!);
  if (numbers.consistent && (numbers.witnesses === 0 || numbers.offset === 0)) {
    const exact = candidates.filter((one) => offset(one) === 0);
    if (exact.length === 1) return exact[0]!;
  }
  if (numbers.consistent && numbers.witnesses >= 2 && numbers.offset !== null) {
    const exact = candidates.filter((one) => offset(one) === numbers.offset);
    return exact.length === 1 ? exact[0]! : null;
  }
  if (numbers.witnesses > 0 && (numbers.offset === null || Math.abs(numbers.offset) > NEAR)) return null;
  const sorted = candidates.map((one) => ({ one, far: Math.abs(offset(one)) })).sort((a, b) => a.far - b.far);
  const [best, next] = sorted;
  if (best === undefined || best.far > NEAR) return null;
  return next === undefined || next.far >= 10 + 5 * best.far ? best.one : null;
}

/** Whether the numbers of a file's hunks agree: each new start is the old one plus what the hunks before it added. */
export function consistentNumbers(hunks: readonly Hunk[]): boolean {
  let delta = 0;
  let end = 0;
  const ordered = hunks.filter((hunk) => hunk.oldStart !== null);
  if (ordered.length < hunks.length) return false;
  for (const hunk of ordered.toSorted((a, b) => a.oldStart! - b.oldStart!)) {
    if (hunk.newStart === null) return false;
    const lines = hunk.readings[0]!.lines;
    const removed = lines.filter((line) => line.op !== '+').length;
    const added = lines.filter((line) => line.op !== '-').length;
    // A side without lines is numbered by the line before it.
    const before = hunk.oldStart! + (removed === 0 ? 1 : 0);
    const after = hunk.newStart + (added === 0 ? 1 : 0);
    if (after !== before + delta || before < end) return false;
    end = before + removed;
    delta += added - removed;
  }
  return true;
}
