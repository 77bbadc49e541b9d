import { useCallback, useSyncExternalStore } from 'react';

/** Small choices of this person in this browser. Where storage is not allowed they last as long as the page. */
const memory = new Map<string, string>();
const listeners = new Set<() => void>();

export function recall(key: string): string {
  const here = memory.get(key);
  if (here !== undefined) return here;
  try {
    return localStorage.getItem(`vouch.${key}`) ?? '';
  } catch {
    return '';
  }
}

export function remember(key: string, value: string): void {
  memory.set(key, value);
  try {
    localStorage.setItem(`vouch.${key}`, value);
  } catch {
    // Private windows may refuse.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useRemembered(key: string): [string, (value: string) => void] {
  const value = useSyncExternalStore(subscribe, () => recall(key));
  return [value, useCallback((next: string) => remember(key, next), [key])];
}
