import { readTreeFile, type Read } from './paths.ts';
import { sourceFiles } from './source.ts';

/** The files that an answer is held against. Only read. */
export interface Tree {
  /** A file by its path; what is bad about the path or the file is said, links are never followed. */
  read(path: string): Promise<Read>;
  /** Paths of all files, in order. Bounded, so it may be short of some. */
  files(): Promise<readonly string[]>;
  /** Where it is on disk, with links resolved; null for one that is not. Tools name files by absolute paths. */
  readonly folder: string | null;
}

/** A folder as a tree; each file is read once. */
export function folderTree(folder: string): Tree {
  const reads = new Map<string, Promise<Read>>();
  let files: Promise<string[]> | undefined;
  return {
    folder,
    read(path) {
      const known = reads.get(path);
      if (known) return known;
      const read = readTreeFile(folder, path);
      reads.set(path, read);
      return read;
    },
    files: () => (files ??= sourceFiles(folder)),
  };
}

/** Files in memory: a tree after a change. `files` maps paths to texts; null hides one of `below`. */
export function layeredTree(
  below: Tree,
  files: ReadonlyMap<string, { text: string; mode: string } | null>,
): Tree {
  return {
    folder: below.folder,
    read: async (path) => {
      const own = files.get(path);
      return own === undefined ? below.read(path) : { file: own };
    },
    files: async () => {
      const gone = new Set([...files].filter(([, file]) => file === null).map(([path]) => path));
      const all = new Set([...(await below.files()), ...files.keys()]);
      return [...all].filter((path) => !gone.has(path)).sort();
    },
  };
}
