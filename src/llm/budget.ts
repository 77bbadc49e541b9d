import { VouchError } from '../lib/errors.ts';

/**
 * Dollars and time that a run may use. What a call may cost at most is set aside before it is made, so that calls made
 * side by side cannot go over together; what it did cost replaces that afterwards.
 */
export interface Budget {
  /** Throws `unavailable` when the money left or the time left does not allow the call. */
  reserve(call: { usd: number; what: string }): Reservation;
  readonly spentUsd: number;
  /** Milliseconds until the deadline, never below 0. */
  remainingMs(): number;
}

interface Reservation {
  /** Once: books what the call cost, and frees the rest of what was set aside. */
  settle(usd: number): void;
}

export interface BudgetLimits {
  usd: number;
  /** When to stop, by the clock `now` (milliseconds since 1970). */
  deadlineMs: number;
}

export function createBudget(limits: BudgetLimits, now: () => number = Date.now): Budget {
  let spent = 0;
  let reserved = 0;
  const remainingMs = (): number => Math.max(0, limits.deadlineMs - now());
  return {
    get spentUsd() {
      return spent;
    },
    remainingMs,
    reserve({ usd, what }) {
      if (remainingMs() === 0)
        throw new VouchError('unavailable', `${what}: the time of the budget is used up`, {
          hint: 'raise --budget-s',
        });
      if (spent + reserved + usd > limits.usd)
        throw new VouchError(
          'unavailable',
          `${what}: it could cost $${usd.toFixed(4)}, and $${Math.max(0, limits.usd - spent - reserved).toFixed(4)} of $${limits.usd} is left`,
          { hint: 'raise --budget-usd, or choose a cheaper model' },
        );
      reserved += usd;
      let settled = false;
      return {
        settle(cost) {
          if (settled) throw new Error('budget: settled twice');
          settled = true;
          reserved -= usd;
          spent += cost;
        },
      };
    },
  };
}

/** Tokens of a text at most: a token is at least one byte, and on source about 3.5; we take 2.5 to be on the safe side. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 2.5);
}
