import { createHmac, timingSafeEqual } from 'node:crypto';

/** The claims of an HS256 token (RFC 7519) that is genuine and has not expired, else null. */
export function verify(token, secret, now = Date.now() / 1000) {
  const [head, body, signature] = (token ?? '').split('.');
  if (!signature) return null;
  const expected = createHmac('sha256', secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  return claims.exp > now ? claims : null;
}
