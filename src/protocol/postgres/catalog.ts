import { z } from 'zod';
import { isObject, type Json } from '../../lib/json.ts';
import type { SchemaReader } from '../port.ts';
import { pgSchemaSchema } from './rebuilt/schema.ts';
import { readSchema } from './rebuilt/schema-read.ts';

/** When a statement last changed the schema, and when each table was last seen, by its oid; microseconds since 1970. */
const shownSchema = z.object({ changedAt: z.number().nullable(), tables: z.record(z.string(), z.number()) });
type Shown = z.infer<typeof shownSchema>;

/** Tags of statements that change the schema. */
const CHANGES = /^(?:CREATE|ALTER|DROP|IMPORT)\b/;
/** Below are PostgreSQL's own. */
const FIRST_OWN = 16_384;
const MAX_TABLES = 5_000;

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
  shown(exchanges) {
    const shown: Shown = { changedAt: null, tables: {} };
    for (const { response, startedAt, endedAt } of exchanges) {
      // Thousands of them, with all their rows: no more is looked at than it takes.
      const { tag, columns } = isObject(response) ? response : {};
      const at = endedAt ?? startedAt;
      if (typeof tag === 'string' && CHANGES.test(tag)) shown.changedAt = Math.max(shown.changedAt ?? 0, at);
      for (const column of Array.isArray(columns) ? columns : []) {
        const table = isObject(column) ? column['table'] : undefined;
        if (
          typeof table === 'number' &&
          table >= FIRST_OWN &&
          (table in shown.tables || Object.keys(shown.tables).length < MAX_TABLES)
        )
          shown.tables[table] = Math.max(shown.tables[table] ?? 0, at);
      }
    }
    return shown;
  },
  holds({ value, takenAt }, shown) {
    const { changedAt, tables } = shownSchema.parse(shown);
    const known = new Set(pgSchemaSchema.parse(value).tables.map(({ oid }) => oid));
    return (
      (changedAt ?? 0) <= takenAt &&
      // What was there when it was read is a view.
      Object.entries(tables).every(([oid, at]) => known.has(Number(oid)) || at <= takenAt)
    );
  },
};
