import type { Commit } from '../model.ts';

/**
 * What commits have in common that do not name each other: rare identifiers in their messages, and files. A commit that adds a
 * function which a wanted fix speaks of has to go along, whether or not anybody says so.
 */
export interface Kinship {
  /** By place: later commits near it that share a rare identifier. */
  laterBySameName: readonly (readonly number[])[];
  /** By place: the next later commits that touch one of its files, for commits of few files. */
  laterBySameFile: readonly (readonly number[])[];
  /** By place: how many of its files no earlier commit of the history touches. */
  newPaths: readonly number[];
  /** By place: files that it seems to create: nobody touched them before, and nothing is removed. */
  created: readonly (readonly string[])[];
  /** The commits that touch a path, oldest first. */
  touching: ReadonlyMap<string, readonly number[]>;
}

const IDENTIFIER = /[A-Za-z][A-Za-z0-9]{0,60}_[A-Za-z0-9_]{2,60}/g;
const READ = 8000;
const IDENTIFIERS = 200;
/** In more messages than these a name says nothing. */
const RARE = 4;
/** As far apart as a helper and its use. */
const AHEAD = 40;
const NEXT_FILES = 10;
const FEW_FILES = 2;
const FILES = 50;
const CREATED_LINES = 15;

export function kinshipOf(commits: readonly Commit[]): Kinship {
  const places = new Map<string, number[]>();
  const names = commits.map(({ subject, body }) => identifiersOf(`${subject}\n${body.slice(0, READ)}`));
  names.forEach((own, at) => own.forEach((name) => push(places, name, at)));
  const laterBySameName = names.map((own, at) => {
    const later = new Set<number>();
    for (const name of own) {
      const all = places.get(name)!;
      if (all.length > RARE) continue;
      for (const by of all) if (by > at && by <= at + AHEAD) later.add(by);
    }
    return [...later];
  });
  const touching = new Map<string, number[]>();
  commits.forEach(({ files }, at) => {
    for (const path of new Set(files.slice(0, FILES).map((file) => file.path))) push(touching, path, at);
  });
  const first = (path: string): number => touching.get(path)![0]!;
  return {
    laterBySameName,
    laterBySameFile: nextByFile(commits),
    newPaths: commits.map(
      ({ files }, at) => files.slice(0, FILES).filter(({ path }) => first(path) === at).length,
    ),
    created: commits.map(({ files }, at) =>
      files
        .slice(0, FILES)
        .filter(({ path, added, removed }) => first(path) === at && removed === 0 && added > CREATED_LINES)
        .map(({ path }) => path),
    ),
    touching,
  };
}

/** Goes from the newest to the oldest, with the next few commits of each file at hand. */
function nextByFile(commits: readonly Commit[]): number[][] {
  const next = new Map<string, number[]>();
  return commits
    .map((_, i) => commits.length - 1 - i)
    .map((at) => {
      const paths = [...new Set(commits[at]!.files.slice(0, FILES).map(({ path }) => path))];
      const later = new Set(paths.length > FEW_FILES ? [] : paths.flatMap((path) => next.get(path) ?? []));
      for (const path of paths) next.set(path, [at, ...(next.get(path) ?? [])].slice(0, NEXT_FILES));
      return [...later].toSorted((a, b) => a - b).slice(0, NEXT_FILES);
    })
    .toReversed();
}

function identifiersOf(text: string): Set<string> {
  return new Set((text.match(IDENTIFIER) ?? []).slice(0, IDENTIFIERS));
}

function push(map: Map<string, number[]>, key: string, at: number): void {
  const list = map.get(key);
  if (list) list.push(at);
  else map.set(key, [at]);
}
