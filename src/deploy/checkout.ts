import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchDir } from '../lib/scratch.ts';
import type { ObjectSource, Repositories } from './git.ts';
import { checkTree } from './tree-check.ts';

/**
 * Writes the files of a commit to `folder`, which must be empty or missing. The tree is checked first (see `checkTree`,
 * whose refusals it throws), and git itself writes it, so that a checkout here equals the developer's.
 */
export async function exportCommit(
  repositories: Repositories,
  app: string,
  commit: string,
  folder: string,
  objects: ObjectSource = {},
): Promise<void> {
  await checkTree(repositories, app, commit, objects);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`exportCommit: ${folder} is not empty`);
  const scratch = await scratchDir('index');
  try {
    const env = { ...objects, GIT_INDEX_FILE: join(scratch, 'index') };
    await repositories.git(app, ['read-tree', commit], { env });
    const safe = ['core.symlinks', 'core.protectHFS', 'core.protectNTFS'].flatMap((name) => [
      '-c',
      `${name}=true`,
    ]);
    await repositories.git(app, [...safe, `--work-tree=${folder}`, 'checkout-index', '--all', '--quiet'], {
      env,
      cwd: folder,
      timeoutMs: 300_000,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
