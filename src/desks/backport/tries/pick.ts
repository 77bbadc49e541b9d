import { createHash } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { failed, isObjectId, type Repository } from '../git/repository.ts';

const deflated = promisify(deflate);

/** What picking a commit onto a tree comes to. */
export type Tried =
  /** The tree after it; the tree before where it changes nothing there. */
  | { tree: string }
  /** Paths. */
  | { conflicts: string[] };

interface Pickable {
  sha: string;
  parents: readonly string[];
}

const SHOWN_FILES = 1000;

/**
 * A place beside the repository for the objects that trying makes: the repository itself is never written to, and no working
 * tree is needed.
 */
export class Bench {
  readonly #repository: Repository;
  readonly #objects: string;

  constructor(repository: Repository, objects: string) {
    this.#repository = repository;
    this.#objects = objects;
  }

  static async open(repository: Repository, folder: string): Promise<Bench> {
    // An empty folder, so that git finds no attributes of a working tree and starts no merge driver.
    await mkdir(join(folder, 'empty'), { recursive: true });
    await mkdir(join(folder, 'objects'), { recursive: true });
    return new Bench(repository, folder);
  }

  async treeOf(commit: string): Promise<string> {
    return (await this.#text(['rev-parse', '--verify', `${commit}^{tree}`])).trim();
  }

  /**
   * Whether a tree that an earlier run made is still here. Looks for its loose file first: a process for each tree of a long
   * queue would cost seconds.
   */
  async has(tree: string): Promise<boolean> {
    if (await exists(join(this.#objects, 'objects', tree.slice(0, 2), tree.slice(2)))) return true;
    return (await this.#git(['cat-file', '-e', tree])).code === 0;
  }

  /**
   * As `git cherry-pick` would: merges the change from the commit's parent into `tree`, with renames followed. Git before 2.40 takes the base from history
   * only, so `tree` becomes a commit on that parent.
   */
  async pick(tree: string, { sha, parents }: Pickable, signal: AbortSignal): Promise<Tried> {
    const ours = await this.#commit(tree, parents[0] ?? null);
    const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages'];
    const unrelated = parents.length === 0 ? ['--allow-unrelated-histories'] : [];
    const done = await this.#git([...args, ...unrelated, ours, sha], signal);
    const [result = '', ...files] = done.stdout.toString('utf8').split('\0');
    if ((done.code !== 0 && done.code !== 1) || !isObjectId(result))
      throw failed(this.#repository.name, args, done);
    if (done.code === 0) return { tree: result };
    const conflicts = [...new Set(files.filter((file) => file !== '').map((file) => file.toWellFormed()))];
    return { conflicts: conflicts.slice(0, SHOWN_FILES) };
  }

  async #text(args: readonly string[]): Promise<string> {
    const done = await this.#git(args);
    if (done.code !== 0) throw failed(this.#repository.name, args, done);
    return done.stdout.toString('utf8');
  }

  #git(args: readonly string[], signal?: AbortSignal): ReturnType<Repository['git']> {
    return this.#repository.git(args, {
      cwd: join(this.#objects, 'empty'),
      timeoutMs: 120_000,
      ...(signal && { signal }),
      env: {
        GIT_OBJECT_DIRECTORY: join(this.#objects, 'objects'),
        GIT_ALTERNATE_OBJECT_DIRECTORIES: this.#repository.objects,
      },
    });
  }

  /**
   * Writes a commit as git's own loose objects are (gitformat-loose): a process for each would double the time of a try. It is
   * the same for the same tree and parent, so nothing piles up.
   */
  async #commit(tree: string, parent: string | null): Promise<string> {
    const who = 'vouch <vouch@localhost> 0 +0000';
    const text = `tree ${tree}\n${parent === null ? '' : `parent ${parent}\n`}author ${who}\ncommitter ${who}\n\ntry\n`;
    const bytes = Buffer.from(`commit ${Buffer.byteLength(text)}\0${text}`);
    const id = createHash(tree.length === 64 ? 'sha256' : 'sha1')
      .update(bytes)
      .digest('hex');
    const folder = join(this.#objects, 'objects', id.slice(0, 2));
    const path = join(folder, id.slice(2));
    if (await exists(path)) return id;
    await mkdir(folder, { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, await deflated(bytes), { mode: 0o444 });
    await rename(temporary, path);
    return id;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
