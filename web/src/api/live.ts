import { useSyncExternalStore } from 'react';
import type { Change } from '../../../src/server/events.ts';
import { queryClient } from './queries.ts';
import type { Used } from './routes.ts';

/** What is asked again when something changes. */
const STALE: Record<Change['topic'], readonly Used[]> = {
  app: ['listApps', 'getApp', 'listEnv'],
  deployment: ['listApps', 'getApp', 'listReleases', 'listDeployments', 'logs'],
  incident: ['listIncidents', 'getIncident', 'listApps', 'listRecordings', 'listProposals'],
  proposal: ['listProposals', 'getProposal', 'getIncident', 'listTraces'],
  decision: ['listProposals', 'getProposal', 'getIncident', 'listIncidents'],
  progress: [],
};
const MAX_LINES = 200;
/** A burst of changes, such as a flood of occurrences, is asked about once. */
const CALM_MS = 250;

export type Connection = 'connecting' | 'live' | 'lost';

let connection: Connection = 'connecting';
const progress = new Map<string, readonly string[]>();
const NONE: readonly string[] = [];
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the server's changes until the returned function is called. */
export function followChanges(): () => void {
  const source = new EventSource('/api/events');
  const waiting = new Set<Used>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const refresh = (): void => {
    timer = undefined;
    for (const name of waiting) void queryClient.invalidateQueries({ queryKey: [name] });
    waiting.clear();
  };
  const say = (state: Connection): void => {
    if (state === connection) return;
    // What happened while nobody listened is not told again.
    if (state === 'live' && connection === 'lost') void queryClient.invalidateQueries();
    connection = state;
    tell();
  };
  source.addEventListener('ready', () => say('live'));
  source.addEventListener('error', () => say('lost'));
  source.addEventListener('change', (event) => {
    const change = JSON.parse((event as MessageEvent<string>).data) as Change;
    if (change.topic === 'progress' && change.text !== null) {
      progress.set(change.id, [...(progress.get(change.id) ?? NONE), change.text].slice(-MAX_LINES));
      tell();
    }
    if (change.topic === 'incident' && progress.delete(change.id)) tell();
    for (const name of STALE[change.topic]) waiting.add(name);
    if (waiting.size > 0) timer ??= setTimeout(refresh, CALM_MS);
  });
  return () => {
    clearTimeout(timer);
    source.close();
    connection = 'connecting';
  };
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection);
}

/** Lines about work that somebody, perhaps elsewhere, started on this incident. */
export function useProgressOf(id: string): readonly string[] {
  return useSyncExternalStore(subscribe, () => progress.get(id) ?? NONE);
}
