import type { Kysely, Selectable } from 'kysely';
import { VouchError } from '../lib/errors.ts';
import type { Database, ReleaseRow } from '../store/schema.ts';
import { DEFAULT_SETTINGS, type App, type AppSettings, type Launch, type Release } from './model.ts';
import type { ReleaseStore } from './ports.ts';

/** `ReleaseStore` over the tables of migration 2. */
export function createReleaseStore(db: Kysely<Database>): ReleaseStore {
  const appsWithSettings = () =>
    db
      .selectFrom('apps')
      .leftJoin('appSettings', 'appSettings.app', 'apps.name')
      .select(['apps.name', 'apps.createdAt', 'appSettings.settings', 'appSettings.currentRelease']);
  return {
    async createApp(name, settings) {
      const createdAt = Date.now();
      await db.transaction().execute(async (tx) => {
        const there = await tx.selectFrom('apps').select('name').where('name', '=', name).executeTakeFirst();
        if (there) throw new VouchError('conflict', `there is an app called ${name} already`);
        await tx.insertInto('apps').values({ name, createdAt }).execute();
        await tx
          .insertInto('appSettings')
          .values({ app: name, settings: JSON.stringify(settings), currentRelease: null })
          .execute();
      });
      return { name, settings, currentRelease: null, createdAt };
    },
    async findApp(name) {
      const row = await appsWithSettings().where('apps.name', '=', name).executeTakeFirst();
      return row && toApp(row);
    },
    async listApps() {
      return (await appsWithSettings().orderBy('apps.name').execute()).map(toApp);
    },
    async deleteApp(name) {
      await db.deleteFrom('apps').where('name', '=', name).execute();
    },
    async saveSettings(app, settings) {
      const text = JSON.stringify(settings);
      await db
        .insertInto('appSettings')
        .values({ app, settings: text, currentRelease: null })
        .onConflict((c) => c.column('app').doUpdateSet({ settings: text }))
        .execute();
    },
    async setCurrent(app, release) {
      await db.updateTable('appSettings').set({ currentRelease: release }).where('app', '=', app).execute();
    },

    async createRelease(release) {
      return db.transaction().execute(async (tx) => {
        const highest = await tx
          .selectFrom('releases')
          .select((e) => e.fn.max('number').as('number'))
          .where('app', '=', release.app)
          .executeTakeFirst();
        const numbered = { ...release, number: Number(highest?.number ?? 0) + 1 };
        await tx
          .insertInto('releases')
          .values({ ...numbered, launch: numbered.launch && JSON.stringify(numbered.launch) })
          .execute();
        return numbered;
      });
    },
    async findRelease(id) {
      const row = await db.selectFrom('releases').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRelease(row);
    },
    async listReleases(app) {
      const rows = await db
        .selectFrom('releases')
        .selectAll()
        .where('app', '=', app)
        .orderBy('number', 'desc')
        .execute();
      return rows.map(toRelease);
    },
    async updateRelease(id, { launch, ...change }) {
      await db
        .updateTable('releases')
        .set({ ...change, ...(launch === undefined ? {} : { launch: launch && JSON.stringify(launch) }) })
        .where('id', '=', id)
        .execute();
    },

    async createDeployment(deployment) {
      await db.insertInto('deployments').values(deployment).execute();
    },
    async updateDeployment(id, change) {
      await db.updateTable('deployments').set(change).where('id', '=', id).execute();
    },
    async listDeployments(app, limit) {
      return db
        .selectFrom('deployments')
        .selectAll()
        .where('app', '=', app)
        .orderBy('startedAt', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    async readEnvironment(app) {
      const rows = await db
        .selectFrom('environment')
        .select(['name', 'value'])
        .where('app', '=', app)
        .orderBy('name')
        .execute();
      return new Map(rows.map(({ name, value }) => [name, value]));
    },
    async writeEnvironment(app, changes) {
      const updatedAt = Date.now();
      await db.transaction().execute(async (tx) => {
        for (const [name, value] of changes) {
          await tx.deleteFrom('environment').where('app', '=', app).where('name', '=', name).execute();
          if (value === null) continue;
          await tx
            .insertInto('environment')
            .values({ app, name, value: Buffer.from(value), updatedAt })
            .execute();
        }
      });
    },
  };
}

function toApp(row: {
  name: string;
  createdAt: number;
  settings: string | null;
  currentRelease: string | null;
}): App {
  const settings = JSON.parse(row.settings ?? '{}') as Partial<AppSettings>;
  return {
    name: row.name,
    createdAt: row.createdAt,
    currentRelease: row.currentRelease,
    settings: { ...DEFAULT_SETTINGS, ...settings },
  };
}

function toRelease(row: Selectable<ReleaseRow>): Release {
  return { ...row, launch: row.launch === null ? null : (JSON.parse(row.launch) as Launch) };
}
