import type { Context } from 'hono';

/** Browsers tell where a request that changes something comes from. Only our own pages use the cookie. */
export function isSameOrigin(c: Context): boolean {
  const origin = c.req.header('origin');
  if (origin === undefined) return c.req.header('sec-fetch-site') === 'same-origin';
  try {
    return new URL(origin).host === c.req.header('host');
  } catch {
    return false;
  }
}
