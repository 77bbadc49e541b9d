import type { Kysely } from 'kysely';
import type { ForgeConfig } from '../forge/registry.ts';
import type { Database } from '../store/schema.ts';

type PullRequestStore = Extract<ForgeConfig, { kind: 'local' }>['store'];
type Stored = Awaited<ReturnType<PullRequestStore['list']>>[number];

/** The built-in forge's pull requests of one app, in the database. */
export function pullRequestsOf(db: Kysely<Database>, app: string): PullRequestStore {
  return {
    async list() {
      const rows = await db.selectFrom('pullRequests').select('content').where('app', '=', app).execute();
      return rows.map(({ content }) => JSON.parse(content) as Stored);
    },
    async put(row) {
      const content = JSON.stringify(row);
      await db
        .insertInto('pullRequests')
        .values({ app, ref: row.ref, content })
        .onConflict((conflict) => conflict.columns(['app', 'ref']).doUpdateSet({ content }))
        .execute();
    },
  };
}
