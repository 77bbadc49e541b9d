import { VouchError } from '../../../lib/errors.ts';
import type { Rebuilt, RecordedState } from '../../port.ts';
import { RebuiltPostgres } from './engine.ts';
import { Knowledge, type Snapshot } from './knowledge.ts';
import { pgSchemaSchema } from './schema.ts';
import { startOf } from './session.ts';

/** Candidates ask about the same few moments. */
const MAX_MOMENTS = 32;

/** A PGlite that holds just the rows that the recording proves. */
export async function rebuildPostgres({ exchanges, facts, schema }: RecordedState): Promise<Rebuilt> {
  if (schema === null)
    throw new VouchError('missing-part', 'its schema was not read when the app was deployed', {
      hint: 'give the app a connection string (postgres://…) in its environment, keep deploy.schemas on `read`, and deploy again',
    });
  const catalog = pgSchemaSchema.parse(schema.value);
  const start = startOf(facts);
  const knowledge = await Knowledge.read(catalog, exchanges, start, schema.takenAt);
  const server = await RebuiltPostgres.warm(catalog, start);
  const snapshots = new Map<number, Snapshot>();
  const snapshot = (moment: number): Snapshot => {
    const found = snapshots.get(moment) ?? knowledge.at(moment);
    if (snapshots.size >= MAX_MOMENTS) snapshots.clear();
    snapshots.set(moment, found);
    return found;
  };
  return { at: (moment) => server.fresh(snapshot(moment)), close: () => server.close() };
}
