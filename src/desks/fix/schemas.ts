import { lookup } from 'node:dns/promises';
import { messageOf } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { Logger } from '../../lib/log.ts';
import type { KeptSchema } from '../../protocol/port.ts';
import { protocolOf, protocols } from '../../protocol/registry.ts';
import type { Store } from '../../store/store.ts';

/** Variables that are looked at, and addresses that one name may have. */
const MAX_VARIABLES = 200;
const MAX_ADDRESSES = 8;
const MAX_RELEASES = 100;
/** The schemas of a release are not read more often; those that could not be read not as often. */
const AGAIN_MS = 200;
const MISSING_AGAIN_MS = 60_000;

/**
 * Reads the catalogs of the servers that an app's environment names, with the connections that the app itself is given, and keeps them
 * with the release. Never a row. What cannot be read is logged: production does not depend on it.
 */
export async function keepSchemas(
  store: Store,
  release: string,
  env: Readonly<Record<string, string>>,
  log: Logger,
): Promise<void> {
  for (const [name, connection] of Object.entries(env).slice(0, MAX_VARIABLES)) {
    for (const { name: protocol, schema: reader } of protocols) {
      const place = reader?.place(connection) ?? null;
      if (reader === undefined || place === null) continue;
      try {
        // What changes while it is read may be in it or not.
        const takenAt = Date.now();
        const schema = JSON.stringify(await reader.read(connection));
        for (const address of await addressesOf(place.host)) {
          const values = { protocol, schema, takenAt };
          await store.db
            .insertInto('releaseSchemas')
            .values({ release, destination: `${address}:${place.port}`, ...values })
            .onConflict((on) => on.columns(['release', 'destination']).doUpdateSet(values))
            .execute();
        }
      } catch (error) {
        // The message may hold a password; the variable's name says enough.
        log.warn(
          { release, variable: name, why: messageOf(error).replaceAll(connection, '…') },
          'the schema could not be read',
        );
      }
    }
  }
}

/** As the recorder sees a connection: by address. */
async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))].slice(0, MAX_ADDRESSES);
}

/** What was read for a release, by destination. */
export async function schemasOf(store: Store, release: string): Promise<Map<string, KeptSchema>> {
  return new Map((await rowsOf(store, release)).map(({ destination, kept }) => [destination, kept]));
}

/** Keeps the schemas of releases that are in production as they are. Never throws: production does not depend on it. */
export function createSchemaKeeper(store: Store, log: Logger, now: () => number) {
  /** Of releases in production: what the app was given, and when the schemas of its servers were read. */
  const given = new Map<string, { env: Readonly<Record<string, string>>; readAt: number }>();

  async function read(release: string, env: Readonly<Record<string, string>>): Promise<void> {
    given.delete(release);
    given.set(release, { env, readAt: now() });
    if (given.size > MAX_RELEASES) given.delete(given.keys().next().value!);
    await keepSchemas(store, release, env, log);
  }

  const guarded = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => log.error({ error: messageOf(error) }, 'schemas could not be kept'));

  return {
    production: (release: string, env: Readonly<Record<string, string>>) => guarded(read(release, env)),
    /**
     * Apps change their schema when they start, and people do at any time. `shown`: what a recording shows of each server
     * (`SchemaReader.shown`), by destination; where that is another schema than was read, it is read again.
     */
    seen: (release: string, shown: Readonly<Record<string, Json>>) =>
      guarded(
        (async () => {
          const known = given.get(release);
          if (!known) return;
          const age = now() - known.readAt;
          const state = age < AGAIN_MS ? 'kept' : await compare(store, release, shown);
          if (state === 'outdated' || (state === 'missing' && age >= MISSING_AGAIN_MS))
            await read(release, known.env);
        })(),
      ),
  };
}

/** `missing`: nothing was read of one of the servers. */
async function compare(
  store: Store,
  release: string,
  shown: Readonly<Record<string, Json>>,
): Promise<'kept' | 'outdated' | 'missing'> {
  const rows = new Map((await rowsOf(store, release)).map((row) => [row.destination, row]));
  let state: 'kept' | 'missing' = 'kept';
  for (const [destination, now] of Object.entries(shown)) {
    const row = rows.get(destination);
    if (!row) state = 'missing';
    else if (protocolOf(row.protocol).schema?.holds(row.kept, now) === false) return 'outdated';
  }
  return state;
}

async function rowsOf(
  { db }: Store,
  release: string,
): Promise<{ destination: string; protocol: string; kept: KeptSchema }[]> {
  const rows = await db.selectFrom('releaseSchemas').selectAll().where('release', '=', release).execute();
  return rows.map(({ destination, protocol, schema, takenAt }) => ({
    destination,
    protocol,
    kept: { value: JSON.parse(schema) as Json, takenAt: takenAt * 1000 },
  }));
}
