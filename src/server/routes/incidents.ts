import {
  getIncident,
  reopen,
  listIncidents,
  listOccurrences,
  listSlices,
  readSlice,
  setIncidentStatus,
} from '../../incident/store.ts';
import { VouchError } from '../../lib/errors.ts';
import { audit } from '../../proposal/audit.ts';
import { listProposals } from '../../proposal/proposals.ts';
import { sliceSchema, type Slice } from '../../record/model.ts';
import type { Store } from '../../store/store.ts';
import type { Handlers } from '../handlers.ts';
import { lookUp } from '../lookup.ts';
import type { Work } from '../services.ts';

const MAX_TRIED = 5;

async function loadSlice(store: Store, id: string): Promise<Slice> {
  return sliceSchema.parse(JSON.parse(await readSlice(store, id)));
}

/** The newest recording that can be read. One that is damaged costs itself, not what is known of the incident. */
async function newestSlice(
  store: Store,
  newestFirst: readonly string[],
): Promise<{ recording: string | null; slice: Slice | null; damage: string[] }> {
  const damage: string[] = [];
  for (const recording of newestFirst.slice(0, MAX_TRIED)) {
    try {
      return { recording, slice: await loadSlice(store, recording), damage };
    } catch (error) {
      if (!(error instanceof VouchError)) throw error;
      damage.push(error.message);
    }
  }
  return { recording: null, slice: null, damage };
}

export const incidentRoutes: Pick<
  Handlers,
  | 'listIncidents'
  | 'getIncident'
  | 'setIncidentStatus'
  | 'fix'
  | 'verify'
  | 'listRecordings'
  | 'getRecording'
  | 'replay'
> = {
  async listIncidents({ services, input: { query } }) {
    if (query.app !== undefined) await services.deployer.app(query.app);
    return listIncidents(services.store, query);
  },

  async getIncident({ services: { store }, input: { params } }) {
    const incident = await getIncident(store, await lookUp(store, 'incident', params.incident));
    const occurrenceList = await listOccurrences(store, incident.id);
    const { recording, slice, damage } = await newestSlice(
      store,
      occurrenceList.flatMap((occurrence) => occurrence.slice ?? []),
    );
    const failing = slice?.exchanges.find(({ id }) => id === slice.failing) ?? null;
    const calls = new Set(failing === null ? [] : slice?.callsOf[failing.id]);
    return {
      ...incident,
      occurrenceList,
      recording,
      failing,
      calls: slice?.exchanges.filter(({ id }) => calls.has(id)) ?? [],
      confidence: slice?.confidence ?? null,
      confidenceWhy: [...(slice?.confidenceWhy ?? []), ...damage],
      proposals: await listProposals(store, { subject: incident.id }),
    };
  },

  async setIncidentStatus({ services: { store, events }, input: { params, body }, identity }) {
    const id = await lookUp(store, 'incident', params.incident);
    await setIncidentStatus(store, id, body.status);
    await audit(store.db, { actor: identity.name, action: `incident.${body.status}`, subject: id });
    const incident = await getIncident(store, id);
    events.publish({ topic: 'incident', id, app: incident.app, text: null });
    return incident;
  },

  async fix({ services, input: { params, body }, work }) {
    const { store, events, fixDesk, works } = services;
    const incident = await getIncident(store, await lookUp(store, 'incident', params.incident));
    const asked = body.detached === true ? new AbortController().signal : work.signal;
    const { engines, budgetUsd, budgetSeconds, pullRequest = false } = body;
    return works.run(incident.id, asked, async (signal) => {
      const told: Work = {
        signal,
        onProgress(line) {
          work.onProgress(line);
          events.publish({ topic: 'progress', id: incident.id, app: incident.app, text: line });
        },
      };
      try {
        return await fixDesk.fix(incident.id, { engines, budgetUsd, budgetSeconds, pullRequest }, told);
      } catch (error) {
        // The desk had no chance to say how it ended.
        await reopen(store, incident.id);
        throw error;
      } finally {
        events.publish({ topic: 'incident', id: incident.id, app: incident.app, text: null });
      }
    });
  },

  async verify({ services, input: { params, body }, work }) {
    const { store, events, fixDesk, works } = services;
    const incident = await getIncident(store, await lookUp(store, 'incident', params.incident));
    return works.run(incident.id, work.signal, async (signal) => {
      const judgement = await fixDesk.verify(incident.id, body.patch, {
        signal,
        onProgress: work.onProgress,
      });
      events.publish({ topic: 'proposal', id: judgement.proposal, app: incident.app, text: null });
      return judgement;
    });
  },

  async listRecordings({ services, input: { query } }) {
    if (query.app !== undefined) await services.deployer.app(query.app);
    return listSlices(services.store, query);
  },

  async getRecording({ services: { store }, input: { params } }) {
    const id = await lookUp(store, 'recording', params.recording);
    const row = await store.db
      .selectFrom('slices')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return { ...row, slice: await loadSlice(store, id) };
  },

  async replay({ services, input: { params, body }, work }) {
    const id = await lookUp(services.store, 'recording', params.recording);
    return services.works.run(id, work.signal, (signal) =>
      services.replayer.replay(id, body.at, { signal, onProgress: work.onProgress }),
    );
  },
};
