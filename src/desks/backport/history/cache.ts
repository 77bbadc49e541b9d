import type { Store } from '../../../store/store.ts';
import type { ChangedFile } from '../model.ts';

/**
 * What was computed of commits, kept between runs. Keys are ids of content, so nothing in it can get old: a rewritten history
 * has other ids. Rows are written as they come, so an interrupted run loses at most what it had in hand.
 */
export interface HistoryCache {
  changes(ids: readonly string[]): Promise<Map<string, ChangedFile[]>>;
  putChanges(changes: ReadonlyMap<string, ChangedFile[]>): Promise<void>;
  patchIds(ids: readonly string[]): Promise<Map<string, string>>;
  putPatchIds(patchIds: ReadonlyMap<string, string>): Promise<void>;
  tried(key: string): Promise<string | null>;
  putTried(key: string, result: string): Promise<void>;
  /** What a model answered to a question. */
  answer(key: string): Promise<string | null>;
  putAnswer(key: string, answer: string): Promise<void>;
}

/** Values in one statement: below SQLite's bound on variables. */
const AT_ONCE = 500;

export function storedCache({ db }: Store): HistoryCache {
  return {
    async changes(ids) {
      const found = new Map<string, ChangedFile[]>();
      for (const some of slices(ids)) {
        const rows = await db.selectFrom('backportChanges').selectAll().where('sha', 'in', some).execute();
        for (const { sha, files } of rows) found.set(sha, JSON.parse(files) as ChangedFile[]);
      }
      return found;
    },
    async putChanges(changes) {
      const rows = [...changes].map(([sha, files]) => ({ sha, files: JSON.stringify(files) }));
      for (const some of slices(rows))
        await db
          .insertInto('backportChanges')
          .values(some)
          .onConflict((on) => on.doNothing())
          .execute();
    },
    async patchIds(ids) {
      const found = new Map<string, string>();
      for (const some of slices(ids)) {
        const rows = await db.selectFrom('backportPatchIds').selectAll().where('sha', 'in', some).execute();
        for (const { sha, patchId } of rows) found.set(sha, patchId);
      }
      return found;
    },
    async putPatchIds(patchIds) {
      const rows = [...patchIds].map(([sha, patchId]) => ({ sha, patchId }));
      for (const some of slices(rows))
        await db
          .insertInto('backportPatchIds')
          .values(some)
          .onConflict((on) => on.doNothing())
          .execute();
    },
    async tried(key) {
      const row = await db
        .selectFrom('backportTries')
        .select('result')
        .where('key', '=', key)
        .executeTakeFirst();
      return row?.result ?? null;
    },
    async answer(key) {
      const row = await db
        .selectFrom('backportAnswers')
        .select('answer')
        .where('key', '=', key)
        .executeTakeFirst();
      return row?.answer ?? null;
    },
    async putAnswer(key, answer) {
      await db
        .insertInto('backportAnswers')
        .values({ key, answer })
        .onConflict((on) => on.column('key').doUpdateSet({ answer }))
        .execute();
    },
    async putTried(key, result) {
      await db
        .insertInto('backportTries')
        .values({ key, result })
        .onConflict((on) => on.column('key').doUpdateSet({ result }))
        .execute();
    },
  };
}

function* slices<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += AT_ONCE) yield items.slice(at, at + AT_ONCE);
}
