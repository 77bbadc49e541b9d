import type { Kysely } from 'kysely';
import type { Json } from '../lib/json.ts';
import type { Database } from '../store/schema.ts';

export interface AuditEntry {
  id: number;
  /** Milliseconds since 1970. */
  at: number;
  actor: string;
  action: string;
  subject: string;
  detail: Json;
}

/** Writes one line of the audit trail. Give it the transaction that does the thing itself, so that both happen or none. */
export async function audit(
  db: Kysely<Database>,
  entry: { actor: string; action: string; subject: string; detail?: Json; at?: number },
): Promise<void> {
  const { actor, action, subject, detail = null, at = Date.now() } = entry;
  await db
    .insertInto('audit')
    .values({ at, actor, action, subject, detail: JSON.stringify(detail) })
    .execute();
}

/** Newest first, of one subject or of all. */
export async function listAudit(
  db: Kysely<Database>,
  query: { subject?: string; limit?: number } = {},
): Promise<AuditEntry[]> {
  let rows = db
    .selectFrom('audit')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(query.limit ?? 100);
  if (query.subject !== undefined) rows = rows.where('subject', '=', query.subject);
  return (await rows.execute()).map((row) => ({ ...row, detail: JSON.parse(row.detail) as Json }));
}
