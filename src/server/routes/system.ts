import { listAudit } from '../../proposal/audit.ts';
import { countFaults, getTrace, listTraces } from '../../trace/store.ts';
import { createToken, listTokens, revokeToken } from '../auth.ts';
import type { Handlers } from '../handlers.ts';
import { lookUp } from '../lookup.ts';

export const systemRoutes: Pick<
  Handlers,
  | 'me'
  | 'status'
  | 'doctor'
  | 'listTraces'
  | 'getTrace'
  | 'traceFaults'
  | 'listAudit'
  | 'listTokens'
  | 'createToken'
  | 'revokeToken'
> = {
  async me({ identity: { name, role } }) {
    return { name, role };
  },

  async status({ services: { version, serving, startedAt, store } }) {
    return { version, serving, startedAt, data: store.folder };
  },

  async doctor({ services }) {
    return services.doctor();
  },

  async listTraces({ services: { store }, input: { query } }) {
    return listTraces(store, query);
  },

  async getTrace({ services: { store }, input: { params } }) {
    return getTrace(store, await lookUp(store, 'trace', params.trace));
  },

  async traceFaults({ services: { store }, input: { query } }) {
    return countFaults(store, query);
  },

  async listAudit({ services: { store }, input: { query } }) {
    return listAudit(store.db, query);
  },

  async listTokens({ services: { store } }) {
    return listTokens(store);
  },

  async createToken({ services: { store }, input: { body }, identity }) {
    return createToken(store, { ...body, by: identity.name });
  },

  async revokeToken({ services: { store }, input: { params }, identity }) {
    await revokeToken(store, params.token, identity.name);
    return { ok: true };
  },
};
