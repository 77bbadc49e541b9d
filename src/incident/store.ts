import { VouchError } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { OccurrenceRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { errorEventSchema, type ErrorEvent, type Incident } from './model.ts';

/** Occurrences kept of one incident; the newest win, the first one is never dropped. */
const MAX_OCCURRENCES = 100;
const MAX_RELEASES_UNDER_WORK = 20;

/** One error of an incident, with the slice of recording that was pinned for it. */
export interface Occurrence {
  id: string;
  incident: string;
  /** Microseconds since 1970. */
  at: number;
  release: string;
  deployment: string;
  error: ErrorEvent;
  /** Id of the pinned slice, or null while (or where) there is none. */
  slice: string | null;
}

/** A slice's row; its content is `getSlice`. */
export interface SliceInfo {
  id: string;
  app: string;
  release: string;
  deployment: string;
  failing: string | null;
  confidence: number;
  createdAt: number;
}

export interface NewOccurrence {
  app: string;
  release: string;
  deployment: string;
  error: ErrorEvent;
  /** One line for lists: `TypeError: Cannot read …`. */
  title: string;
  /** Function or file that is to blame first, for people. */
  culprit: string | null;
  slice?: string | null;
}

/**
 * Counts an error to the incident of its app and fingerprint, made when it is the first. One that was resolved opens
 * again; one that is ignored stays so. All in one transaction.
 */
export async function recordOccurrence(
  store: Store,
  occurrence: NewOccurrence,
): Promise<{ incident: Incident; occurrence: Occurrence; isNew: boolean }> {
  const { app, release, deployment, error, title, culprit, slice = null } = occurrence;
  return store.db.transaction().execute(async (tx) => {
    const earlier = await tx
      .selectFrom('incidents')
      .selectAll()
      .where('app', '=', app)
      .where('fingerprint', '=', error.fingerprint)
      .executeTakeFirst();
    const incident: Incident = earlier
      ? {
          ...earlier,
          occurrences: earlier.occurrences + 1,
          firstSeen: Math.min(earlier.firstSeen, error.at),
          lastSeen: Math.max(earlier.lastSeen, error.at),
          release,
          status: earlier.status === 'resolved' ? 'open' : earlier.status,
        }
      : {
          id: newId('inc'),
          app,
          fingerprint: error.fingerprint,
          title,
          type: error.type,
          message: error.message,
          culprit,
          status: 'open',
          occurrences: 1,
          firstSeen: error.at,
          lastSeen: error.at,
          release,
        };
    if (earlier) await tx.updateTable('incidents').set(incident).where('id', '=', incident.id).execute();
    else await tx.insertInto('incidents').values(incident).execute();
    const row: OccurrenceRow = {
      id: newId('occ'),
      incident: incident.id,
      at: error.at,
      release,
      deployment,
      error: JSON.stringify(error),
      slice,
    };
    await tx.insertInto('occurrences').values(row).execute();
    if (incident.occurrences > MAX_OCCURRENCES) {
      const kept = await tx
        .selectFrom('occurrences')
        .select('id')
        .where('incident', '=', incident.id)
        .orderBy('at')
        .execute();
      // The first one, and the newest.
      const dropped = kept.slice(1, Math.max(1, kept.length - MAX_OCCURRENCES + 1)).map(({ id }) => id);
      if (dropped.length > 0) await tx.deleteFrom('occurrences').where('id', 'in', dropped).execute();
    }
    return { incident, occurrence: { ...row, error }, isNew: earlier === undefined };
  });
}

/** Newest first. */
export async function listIncidents(
  store: Store,
  query: { app?: string; status?: Incident['status']; limit?: number } = {},
): Promise<Incident[]> {
  let rows = store.db
    .selectFrom('incidents')
    .selectAll()
    .orderBy('lastSeen', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit ?? 200);
  if (query.app !== undefined) rows = rows.where('app', '=', query.app);
  if (query.status !== undefined) rows = rows.where('status', '=', query.status);
  return rows.execute();
}

/** Throws `not-found`. */
export async function getIncident(store: Store, id: string): Promise<Incident> {
  const row = await store.db.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row)
    throw new VouchError('not-found', `incident ${id}: there is none`, {
      hint: 'vouch incidents lists them',
    });
  return row;
}

/** Ids of the releases that incidents under work were recorded on: their trees are needed to reproduce them. */
export async function releasesUnderWork(store: Store, app: string): Promise<string[]> {
  // Of each incident the newest recording: a tree of every release that ever failed would fill the disk.
  const rows = await store.db
    .selectFrom('occurrences')
    .innerJoin('incidents', 'incidents.id', 'occurrences.incident')
    .select(({ fn }) => ['occurrences.release', fn.max('occurrences.at').as('at')])
    .where('incidents.app', '=', app)
    .where('incidents.status', 'in', ['open', 'fixing', 'proposed'])
    .where('occurrences.slice', 'is not', null)
    .groupBy('occurrences.incident')
    .orderBy('at', 'desc')
    .limit(MAX_RELEASES_UNDER_WORK)
    .execute();
  return [...new Set(rows.map(({ release }) => release))];
}

/** Throws `not-found`. */
export async function setIncidentStatus(store: Store, id: string, status: Incident['status']): Promise<void> {
  const changed = await store.db
    .updateTable('incidents')
    .set({ status })
    .where('id', '=', id)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) throw new VouchError('not-found', `incident ${id}: there is none`);
}

/** Work on it ended without a result, or the process that worked on it was killed: of one incident, or of all. */
export async function reopen(store: Store, id?: string): Promise<void> {
  let rows = store.db.updateTable('incidents').set({ status: 'open' }).where('status', '=', 'fixing');
  if (id !== undefined) rows = rows.where('id', '=', id);
  await rows.execute();
}

/** Newest first. */
export async function listOccurrences(store: Store, incident: string, limit = 50): Promise<Occurrence[]> {
  const rows = await store.db
    .selectFrom('occurrences')
    .selectAll()
    .where('incident', '=', incident)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, error: errorEventSchema.parse(JSON.parse(row.error)) }));
}

/**
 * Stores what was pinned of a recording, as JSON text (a `Slice`; its schema is the recorder's, which this room does
 * not know), and ties it to the occurrence when one is given.
 */
export async function saveSlice(
  store: Store,
  slice: { app: string; release: string; deployment: string; failing: string | null; confidence: number },
  json: string,
  occurrence?: string,
): Promise<SliceInfo> {
  const blob = await store.blobs.put(json);
  const { app, release, deployment, failing, confidence } = slice;
  const row = { id: newId('slc'), app, release, deployment, failing, confidence, createdAt: Date.now() };
  await store.db.transaction().execute(async (tx) => {
    await tx
      .insertInto('slices')
      .values({ ...row, blob })
      .execute();
    if (occurrence === undefined) return;
    const changed = await tx
      .updateTable('occurrences')
      .set({ slice: row.id })
      .where('id', '=', occurrence)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n)
      throw new VouchError('not-found', `occurrence ${occurrence}: there is none`);
  });
  return row;
}

/** The JSON text of a slice. Throws `not-found`, and `unavailable` when it is damaged. */
export async function readSlice(store: Store, id: string): Promise<string> {
  const row = await store.db.selectFrom('slices').select('blob').where('id', '=', id).executeTakeFirst();
  if (!row)
    throw new VouchError('not-found', `recording ${id}: there is none`, {
      hint: 'vouch recordings APP lists them',
    });
  return (await store.blobs.get(row.blob)).toString('utf8');
}

/** Newest first. */
export async function listSlices(
  store: Store,
  query: { app?: string; limit?: number } = {},
): Promise<SliceInfo[]> {
  let rows = store.db
    .selectFrom('slices')
    .select(['id', 'app', 'release', 'deployment', 'failing', 'confidence', 'createdAt'])
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit ?? 200);
  if (query.app !== undefined) rows = rows.where('app', '=', query.app);
  return rows.execute();
}
