import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VouchError } from '../../../lib/errors.ts';
import { readIfThere, writeFileAtomic } from '../../../lib/files.ts';

/** What is needed to go on with picks after a conflict, a kill or a power cut. */
const stateSchema = z.object({
  format: z.literal(1),
  onto: z.string(),
  /** The commit of `onto` that the new branch starts from. */
  tip: z.string(),
  branch: z.string(),
  worktree: z.string(),
  by: z.object({ name: z.string(), email: z.string() }),
  /** In order. */
  picks: z.array(z.string()),
  /** Left out, by a person or because they change nothing. */
  skipped: z.array(z.object({ sha: z.string(), why: z.string() })),
});
export type PicksState = z.infer<typeof stateSchema>;

/** One file for each branch that is picked onto, in a folder of the repository's own. */
export interface StateFile {
  read(): Promise<PicksState | null>;
  write(state: PicksState): Promise<void>;
  remove(): Promise<void>;
}

export function stateFile(folder: string, onto: string): StateFile {
  const path = join(folder, `${encodeURIComponent(onto).replaceAll('.', '%2E')}.json`);
  return {
    async read() {
      const bytes = await readIfThere(path);
      if (bytes === undefined) return null;
      try {
        return stateSchema.parse(JSON.parse(bytes.toString('utf8')));
      } catch (error) {
        throw new VouchError('usage', `${path}: the state of earlier picks cannot be read`, {
          hint: 'remove it; the branch and worktree that it speaks of are left as they are',
          cause: error,
        });
      }
    },
    write: (state) => writeFileAtomic(path, `${JSON.stringify(state, null, 2)}\n`, 0o600),
    remove: () => rm(path, { force: true }),
  };
}
