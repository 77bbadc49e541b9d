import type { ChangedFile } from '../model.ts';
import { failed, type Repository } from './repository.ts';

const FILES = 1000;
const PATH_CHARS = 1000;
const OUTPUT_BYTES = 64 * 2 ** 20;
/** A diff is made by git alone: no program that a repository or its attributes name. */
const DIFF = ['diff-tree', '--stdin', '--root', '-r', '--no-renames', '--no-ext-diff', '--no-textconv'];

/**
 * What each commit changes against its first parent, by id; empty for merges and empty commits. At most 1,000 files a commit
 * are told.
 */
export async function changesOf(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, ChangedFile[]>> {
  const args = [...DIFF, '-z', '--numstat', '--always'];
  const done = await repository.git(args, {
    input: `${ids.join('\n')}\n`,
    signal,
    maxOutputBytes: OUTPUT_BYTES,
  });
  if (done.code !== 0) throw failed(repository.name, args, done);
  if (done.truncated && ids.length > 1) {
    const half = Math.ceil(ids.length / 2);
    const first = await changesOf(repository, ids.slice(0, half), signal);
    return new Map([...first, ...(await changesOf(repository, ids.slice(half), signal))]);
  }
  return parseNumstat(done.stdout, ids);
}

/** With `-z`: an id, then `added TAB removed TAB path` of each file (`-` for binary ones), each ended by a NUL. */
function parseNumstat(output: Buffer, ids: readonly string[]): Map<string, ChangedFile[]> {
  const changes = new Map<string, ChangedFile[]>(ids.map((id) => [id, []]));
  let files: ChangedFile[] = [];
  for (const record of output.toString('utf8').split('\0')) {
    const [, added, removed, path] = /^(\d+|-)\t(\d+|-)\t([\s\S]+)$/.exec(record) ?? [];
    if (path === undefined) files = changes.get(record.trim()) ?? [];
    else if (files.length < FILES)
      files.push({
        path: path.slice(0, PATH_CHARS).toWellFormed(),
        added: Number(added) || 0,
        removed: Number(removed) || 0,
      });
  }
  return changes;
}

/** A commit's change as a diff; what is longer than `maxBytes` is cut. */
export async function diffOf(
  repository: Repository,
  id: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const args = [...DIFF, '-p', '--no-commit-id'];
  const done = await repository.git(args, { input: `${id}\n`, signal, maxOutputBytes: maxBytes });
  if (done.code !== 0) throw failed(repository.name, args, done);
  return done.stdout.toString('utf8');
}

/**
 * Git's patch id of each commit: equal for equal changes, wherever they stand (git-patch-id, `--stable`). Empty commits have
 * none.
 */
export async function patchIdsOf(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const args = [...DIFF, '-p'];
  const made = await repository.git(args, {
    input: `${ids.join('\n')}\n`,
    signal,
    maxOutputBytes: OUTPUT_BYTES,
  });
  if (made.code !== 0) throw failed(repository.name, args, made);
  if (made.truncated) {
    // A change of more than that alone is not compared.
    if (ids.length === 1) return new Map();
    const half = Math.ceil(ids.length / 2);
    const first = await patchIdsOf(repository, ids.slice(0, half), signal);
    return new Map([...first, ...(await patchIdsOf(repository, ids.slice(half), signal))]);
  }
  const told = await repository.text(['patch-id', '--stable'], { input: made.stdout, signal });
  return new Map(
    told
      .split('\n')
      .map((line) => line.split(' '))
      .filter((pair) => pair.length === 2)
      .map(([patchId, id]) => [id!, patchId!]),
  );
}
