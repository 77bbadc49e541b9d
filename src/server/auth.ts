import { createHash, randomBytes } from 'node:crypto';
import { VouchError } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import { audit } from '../proposal/audit.ts';
import type { TokenRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { Role } from './views.ts';

/** Who asks: a token's name and role. */
export interface Identity {
  name: string;
  role: Role;
  /** Id of the token; null for the token that the server makes for its own machine. */
  token: string | null;
}

const SESSION_MS = 30 * 24 * 3600 * 1000;
const MAX_SECRET = 200;

/** Each role may do what the ones before it may. */
const ORDER: readonly Role[] = ['viewer', 'maintainer', 'admin'];

export function allows(role: Role, needed: Role): boolean {
  return ORDER.indexOf(role) >= ORDER.indexOf(needed);
}

/** 256 random bits, with a prefix that secret scanners can find. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** A plain hash will do: what is hashed has 256 random bits, nobody can guess it from its hash. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Makes a token and shows it, this once. */
export async function createToken(
  store: Store,
  request: { name: string; role: Role; by: string },
): Promise<Omit<TokenRow, 'hash'> & { token: string }> {
  const token = newSecret('vouch');
  const { name, role, by } = request;
  const row = { id: newId('tok'), name, role, createdAt: Date.now(), revokedAt: null };
  await store.db.transaction().execute(async (tx) => {
    await tx
      .insertInto('tokens')
      .values({ ...row, hash: hashOf(token) })
      .execute();
    await audit(tx, { actor: by, action: 'token.create', subject: row.id, detail: { name, role } });
  });
  return { ...row, token };
}

/** The first admin's token, or undefined when there are tokens already. */
export async function firstToken(store: Store): Promise<string | undefined> {
  const any = await store.db.selectFrom('tokens').select('id').limit(1).executeTakeFirst();
  return any
    ? undefined
    : (await createToken(store, { name: 'admin', role: 'admin', by: 'first start' })).token;
}

export async function listTokens(store: Store): Promise<Omit<TokenRow, 'hash'>[]> {
  return store.db
    .selectFrom('tokens')
    .select(['id', 'name', 'role', 'createdAt', 'revokedAt'])
    .orderBy('createdAt')
    .execute();
}

/** Ends a token and its sessions. Throws `not-found`, and `conflict` for the last admin's: nobody could get in again. */
export async function revokeToken(store: Store, id: string, by: string): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    const live = await tx
      .selectFrom('tokens')
      .select(['id', 'role'])
      .where('revokedAt', 'is', null)
      .execute();
    const token = live.find((row) => row.id === id);
    if (!token) throw new VouchError('not-found', `token ${id}: there is none that is valid`);
    if (token.role === 'admin' && live.filter(({ role }) => role === 'admin').length === 1) {
      throw new VouchError('conflict', `token ${id}: it is the last one of an admin`, {
        hint: 'make another first',
      });
    }
    await tx.updateTable('tokens').set({ revokedAt: Date.now() }).where('id', '=', id).execute();
    await tx.deleteFrom('sessions').where('token', '=', id).execute();
    await audit(tx, { actor: by, action: 'token.revoke', subject: id });
  });
}

/** Whose token it is, or undefined. */
export async function identify(store: Store, secret: string): Promise<Identity | undefined> {
  if (secret === '' || secret.length > MAX_SECRET) return undefined;
  const row = await store.db
    .selectFrom('tokens')
    .select(['id', 'name', 'role'])
    .where('hash', '=', hashOf(secret))
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
  return row && { name: row.name, role: row.role, token: row.id };
}

/** A cookie's value for the pages, good for 30 days. */
export async function createSession(
  store: Store,
  token: string,
): Promise<{ value: string; maxAgeSeconds: number }> {
  const value = newSecret('session');
  const now = Date.now();
  await store.db.deleteFrom('sessions').where('expiresAt', '<', now).execute();
  await store.db
    .insertInto('sessions')
    .values({ hash: hashOf(value), token, createdAt: now, expiresAt: now + SESSION_MS })
    .execute();
  return { value, maxAgeSeconds: SESSION_MS / 1000 };
}

export async function identifySession(store: Store, value: string): Promise<Identity | undefined> {
  if (value === '' || value.length > MAX_SECRET) return undefined;
  const row = await store.db
    .selectFrom('sessions')
    .innerJoin('tokens', 'tokens.id', 'sessions.token')
    .select(['tokens.id', 'tokens.name', 'tokens.role'])
    .where('sessions.hash', '=', hashOf(value))
    .where('sessions.expiresAt', '>', Date.now())
    .where('tokens.revokedAt', 'is', null)
    .executeTakeFirst();
  return row && { name: row.name, role: row.role, token: row.id };
}

export async function endSession(store: Store, value: string): Promise<void> {
  await store.db.deleteFrom('sessions').where('hash', '=', hashOf(value)).execute();
}
