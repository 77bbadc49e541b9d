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
  // What was said on a review is asked for by the review itself, which knows what it has.
  review: ['listReviews'],
  progress: [],
};
const MAX_LINES = 200;
/** A burst of changes, such as a flood of occurrences, is asked about once. */
const CALM_MS = 250;
const AGAIN_MS = 5000;

export type Connection = 'connecting' | 'live' | 'lost';

let connection: Connection = 'connecting';
const progress = new Map<string, readonly string[]>();
const NONE: readonly string[] = [];
const listeners = new Set<() => void>();

const reviews = new Map<string, Set<(text: string | null) => void>>();

/**
 * Tells when something happened on a review, and when the connection is there again: then something may have happened. The
 * text is null where a newer page of it was published.
 */
export function onReview(id: string, listener: (text: string | null) => void): () => void {
  const ofReview = reviews.get(id) ?? new Set();
  reviews.set(id, ofReview.add(listener));
  return () => ofReview.delete(listener);
}

function tellReviews(
  ofReviews: Iterable<Set<(text: string | null) => void> | undefined>,
  text: string | null,
): void {
  for (const ofReview of ofReviews) for (const listener of ofReview ?? []) listener(text);
}

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Follows the server's changes until the returned function is called; not while the page is hidden, since a browser
 * allows a server only some connections, and each open tab would hold one.
 */
export function followChanges(): () => void {
  let source: EventSource | undefined;
  let missed = false;
  const waiting = new Set<Used>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  const refresh = (): void => {
    timer = undefined;
    for (const name of waiting) void queryClient.invalidateQueries({ queryKey: [name] });
    waiting.clear();
  };
  const say = (state: Connection): void => {
    if (state === 'lost') missed = true;
    if (state === 'live' && missed) {
      // What happened while nobody listened is not told again.
      missed = false;
      void queryClient.invalidateQueries();
    }
    if (state === connection) return;
    connection = state;
    tell();
  };
  const take = (change: Change): void => {
    if (change.topic === 'progress' && change.text !== null) {
      progress.set(change.id, [...(progress.get(change.id) ?? NONE), change.text].slice(-MAX_LINES));
      tell();
    }
    if (change.topic === 'incident' && progress.delete(change.id)) tell();
    if (change.topic === 'review') tellReviews([reviews.get(change.id)], change.text);
    for (const name of STALE[change.topic]) waiting.add(name);
    if (waiting.size > 0) timer ??= setTimeout(refresh, CALM_MS);
  };
  const close = (): void => {
    source?.close();
    source = undefined;
  };
  const look = (): void => {
    if (document.hidden) {
      missed = true;
      close();
      return;
    }
    if (source) return;
    source = new EventSource('/api/events');
    source.addEventListener('ready', () => {
      say('live');
      tellReviews(reviews.values(), '');
    });
    source.addEventListener('error', () => {
      say('lost');
      // A refusal, such as of a server that is stopping, ends it for good; a lost connection it tries again by itself.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      again = setTimeout(look, AGAIN_MS);
    });
    source.addEventListener('change', (event) =>
      take(JSON.parse((event as MessageEvent<string>).data) as Change),
    );
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    clearTimeout(timer);
    clearTimeout(again);
    close();
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
