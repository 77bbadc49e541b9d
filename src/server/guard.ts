import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { API, OTHER_ROUTES } from './api.ts';
import { allows, identify, identifySession, type Identity } from './auth.ts';
import { failure } from './failure.ts';
import { isSameOrigin } from './origin.ts';
import type { Services } from './services.ts';
import { SESSION_COOKIE } from './sessions.ts';
import type { Role } from './views.ts';

/** What the guard found out about a request. */
export interface Env {
  Variables: { identity: Identity | undefined; route: string };
}

export interface GuardOptions {
  services: Pick<Services, 'store'>;
  /** The secret of the command line on this machine, an admin's; made anew at each start and kept nowhere else. */
  localToken: string;
  /** Names that `Host` may hold; null allows any (a server that listens for others, behind a proxy of theirs). */
  hosts: readonly string[] | null;
}

interface Entry {
  name: string;
  method: string;
  path: string;
  pattern: RegExp;
  role: Role | 'public';
}

/** The one table of what may be asked, and by whom: the API's contract and the few other routes. */
export const ACCESS: readonly Entry[] = Object.entries({ ...API, ...OTHER_ROUTES }).map(([name, route]) => ({
  name,
  method: route.method,
  path: route.path,
  pattern: patternOf(route.path),
  role: route.role,
}));

function patternOf(path: string): RegExp {
  // The pages have everything that is not the API's or git's.
  if (path === '/*') return /^\/(?!(?:api|git)(?:\/|$))/;
  return new RegExp(`^${path.replace(/:[a-z]+/g, '[^/]+')}$`);
}

/** Lets pass what the table names, for those whom it names, and nothing else. Runs before every route. */
export function guard(options: GuardOptions): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (options.hosts !== null && !isAllowedHost(c.req.header('host'), options.hosts)) {
      return failure(c, 403, {
        code: 'forbidden',
        message: `Host ${(c.req.header('host') ?? '').slice(0, 100)}: not a name of this server`,
        hint: 'ask for localhost, or set server.hosts',
      });
    }
    const method = c.req.method === 'HEAD' ? 'GET' : c.req.method;
    const entry = ACCESS.find((each) => each.method === method && each.pattern.test(c.req.path));
    if (!entry) {
      const other = ACCESS.some((each) => each.name !== 'pages' && each.pattern.test(c.req.path));
      return failure(c, other ? 405 : 404, {
        code: 'not-found',
        message: `${c.req.method} ${c.req.path}: there is no such route`,
      });
    }
    c.set('route', entry.name);
    if (entry.role !== 'public') {
      const refusal = await admit(c, entry, options);
      if (refusal) return refusal;
    }
    await next();
    for (const [name, value] of HEADERS) c.header(name, value);
  };
}

const HEADERS: readonly [string, string][] = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['x-frame-options', 'DENY'],
];

async function admit(c: Context<Env>, entry: Entry, options: GuardOptions): Promise<Response | undefined> {
  const found = await whoAsks(c, options);
  if (!found) {
    const git = c.req.path.startsWith('/git/');
    return failure(
      c,
      401,
      {
        code: 'forbidden',
        message: 'no valid token',
        hint: 'give one as `Authorization: Bearer TOKEN`, or sign in',
      },
      // Git asks its user only when it is told to.
      git ? { 'www-authenticate': 'Basic realm="Vouch: any name, the token as password"' } : {},
    );
  }
  if (found.by === 'cookie' && !isSafe(c) && !isSameOrigin(c)) {
    return failure(c, 403, { code: 'forbidden', message: 'the request comes from another site' });
  }
  if (entry.role !== 'public' && !allows(found.identity.role, entry.role)) {
    return failure(c, 403, {
      code: 'forbidden',
      message: `${found.identity.name} is a ${found.identity.role}: this needs a token of a ${entry.role}`,
    });
  }
  c.set('identity', found.identity);
  return undefined;
}

async function whoAsks(
  c: Context<Env>,
  { services, localToken }: GuardOptions,
): Promise<{ identity: Identity; by: 'token' | 'cookie' } | undefined> {
  const secret = secretOf(c.req.header('authorization'));
  if (secret !== undefined) {
    const identity = isEqual(secret, localToken)
      ? { name: 'local', role: 'admin' as const, token: null }
      : await identify(services.store, secret);
    return identity && { identity, by: 'token' };
  }
  const identity = await identifySession(services.store, getCookie(c, SESSION_COOKIE) ?? '');
  return identity && { identity, by: 'cookie' };
}

/** The token of `Bearer TOKEN`, or the password of git's `Basic`. */
function secretOf(header: string | undefined): string | undefined {
  const [, scheme, value] = /^(\w+)\s+(\S+)$/.exec(header ?? '') ?? [];
  if (scheme === undefined || value === undefined) return header === undefined ? undefined : '';
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

/** Takes as long for a near miss as for a far one. */
function isEqual(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(x!, y!);
}

function isSafe(c: Context): boolean {
  return c.req.method === 'GET' || c.req.method === 'HEAD';
}

/** Against DNS rebinding: a page of another site that makes its own name point to us still sends that name. */
function isAllowedHost(header: string | undefined, hosts: readonly string[]): boolean {
  const name = /^(\[[0-9a-f:]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(header ?? '')?.[1]?.toLowerCase();
  return name !== undefined && hosts.includes(name);
}
