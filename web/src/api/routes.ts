import type { Api, Input, Output, RouteName } from '../../../src/server/api.ts';

/** Method and path of the routes that the pages use; the compiler holds them against the server's contract. */
const ROUTES = {
  me: 'GET /api/me',
  status: 'GET /api/status',
  doctor: 'GET /api/doctor',
  listApps: 'GET /api/apps',
  getApp: 'GET /api/apps/:app',
  listReleases: 'GET /api/apps/:app/releases',
  listDeployments: 'GET /api/apps/:app/deployments',
  rollback: 'POST /api/apps/:app/rollback',
  logs: 'GET /api/apps/:app/logs',
  listEnv: 'GET /api/apps/:app/env',
  listRecordings: 'GET /api/recordings',
  getRecording: 'GET /api/recordings/:recording',
  replay: 'POST /api/recordings/:recording/replay',
  listIncidents: 'GET /api/incidents',
  getIncident: 'GET /api/incidents/:incident',
  setIncidentStatus: 'PATCH /api/incidents/:incident',
  fix: 'POST /api/incidents/:incident/fix',
  listProposals: 'GET /api/proposals',
  getProposal: 'GET /api/proposals/:proposal',
  openPullRequest: 'POST /api/proposals/:proposal/pull-request',
  decide: 'POST /api/proposals/:proposal/decide',
  follow: 'POST /api/proposals/:proposal/follow',
  listTraces: 'GET /api/traces',
  getTrace: 'GET /api/traces/:trace',
  listReviews: 'GET /api/backport/reviews',
  getReview: 'GET /api/backport/reviews/:review',
  listReviewDecisions: 'GET /api/backport/reviews/:review/decisions',
  sayOnReview: 'POST /api/backport/reviews/:review/decisions',
} as const satisfies { [N in RouteName]?: `${Api[N]['method']} ${Api[N]['path']}` };

export type Used = keyof typeof ROUTES;
export type { Input, Output };

/** The request of a route, filled in. */
export function requestOf(name: Used, input: Parts): { method: string; path: string; body: string | null } {
  const [method, pattern] = ROUTES[name].split(' ') as [string, string];
  const path = pattern.replace(/:([a-z]+)/g, (_, key: string) =>
    encodeURIComponent(input.params?.[key] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  const asked = query.size === 0 ? path : `${path}?${query}`;
  return { method, path: asked, body: input.body === undefined ? null : JSON.stringify(input.body) };
}

export interface Parts {
  params?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
}
