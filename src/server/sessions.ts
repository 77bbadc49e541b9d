import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { VouchError } from '../lib/errors.ts';
import type { Store } from '../store/store.ts';
import { createSession, endSession, identify, type Identity } from './auth.ts';
import { readJson } from './input.ts';
import { isSameOrigin } from './origin.ts';

export const SESSION_COOKIE = 'vouch_session';

const bodySchema = z.object({ token: z.string() });

/** A token for a cookie: what the page's sign-in form sends. */
export async function signIn(c: Context, store: Store): Promise<Response> {
  const body = bodySchema.safeParse(await readJson(c.req.raw, 4096));
  if (!body.success) throw new VouchError('usage', 'body: a token is needed');
  const identity = await startSession(c, store, body.data.token);
  if (!identity)
    throw new VouchError('forbidden', 'no valid token', {
      hint: '`vouch serve` printed one at its first start',
    });
  return c.json({ name: identity.name, role: identity.role });
}

export async function signOut(c: Context, store: Store): Promise<Response> {
  if (!isSameOrigin(c)) throw new VouchError('forbidden', 'the request comes from another site');
  const value = getCookie(c, SESSION_COOKIE);
  if (value !== undefined) await endSession(store, value);
  deleteCookie(c, SESSION_COOKIE, { path: '/' });
  return c.json({ ok: true });
}

/** Sets the cookie if the token is valid. */
export async function startSession(c: Context, store: Store, token: string): Promise<Identity | undefined> {
  const identity = await identify(store, token);
  if (!identity || identity.token === null) return undefined;
  const { value, maxAgeSeconds } = await createSession(store, identity.token);
  setCookie(c, SESSION_COOKIE, value, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: maxAgeSeconds,
    secure: new URL(c.req.url).protocol === 'https:',
  });
  return identity;
}
