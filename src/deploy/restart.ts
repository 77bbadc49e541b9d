export interface RestartPolicy {
  /** Crashes within `windowMs` after which it is given up. */
  crashes: number;
  windowMs: number;
  /** Before the first restart; doubles with each crash in the window. */
  firstPauseMs: number;
  longestPauseMs: number;
}

export const RESTART: RestartPolicy = {
  crashes: 5,
  windowMs: 60_000,
  firstPauseMs: 100,
  longestPauseMs: 10_000,
};
