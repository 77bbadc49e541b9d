import { lookup } from 'node:dns/promises';
import { messageOf } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { Logger } from '../../lib/log.ts';
import { protocols } from '../../protocol/registry.ts';
import type { Store } from '../../store/store.ts';

/** Variables that are looked at, and addresses that one name may have. */
const MAX_VARIABLES = 200;
const MAX_ADDRESSES = 8;

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
        const schema = JSON.stringify(await reader.read(connection));
        for (const address of await addressesOf(place.host)) {
          const values = { protocol, schema, takenAt: Date.now() };
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
export async function schemasOf({ db }: Store, release: string): Promise<Map<string, Json>> {
  const rows = await db.selectFrom('releaseSchemas').selectAll().where('release', '=', release).execute();
  return new Map(rows.map(({ destination, schema }) => [destination, JSON.parse(schema) as Json]));
}
