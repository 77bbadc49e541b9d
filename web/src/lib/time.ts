const SECOND = 1000;
const STEPS: readonly [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400 * SECOND, 'day'],
  [3600 * SECOND, 'hour'],
  [60 * SECOND, 'minute'],
  [SECOND, 'second'],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

/** `3 min. ago`. Milliseconds since 1970. */
export function ago(at: number, now = Date.now()): string {
  const past = now - at;
  for (const [size, unit] of STEPS) {
    if (Math.abs(past) >= size) return relative.format(-Math.round(past / size), unit);
  }
  return 'just now';
}

/** `2026-10-03 14:05:09`, local time. Milliseconds since 1970. */
export function clock(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '-';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `12.4 ms`, `1.20 s`, `3 min`. Milliseconds. */
export function took(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
