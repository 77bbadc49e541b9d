import type { Json } from '../../lib/json.ts';
import type { SchemaReader } from '../port.ts';
import { readSchema } from './rebuilt/schema-read.ts';

const CONNECT_MS = 5_000;
/** Above what the statement may take by the server's own clock. */
const QUERY_MS = 15_000;

/** What is read of a PostgreSQL with a connection that an app was given. */
export const catalog: SchemaReader = {
  place(connection) {
    if (!/^postgres(?:ql)?:\/\//.test(connection) || !URL.canParse(connection)) return null;
    const { hostname, port } = new URL(connection);
    return hostname === '' ? null : { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 5432) };
  },
  async read(connection): Promise<Json> {
    const { Client } = (await import('pg')).default;
    const client = new Client({
      connectionString: connection,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      application_name: 'vouch schema',
    });
    // An error of an idle connection has nobody else to be told to.
    client.on('error', () => {});
    try {
      await client.connect();
      return (await readSchema(
        async (sql) => (await client.query(sql)).rows as Record<string, unknown>[],
      )) as Json;
    } finally {
      await client.end().catch(() => {});
    }
  },
};
