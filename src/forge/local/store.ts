import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import { readIfThere, writeFileAtomic } from '../../lib/files.ts';

/** What git does not hold of a pull request. */
const storedPullRequestSchema = z.object({
  /** Its number as text: `1`, `2` … in one repository. */
  ref: z.string(),
  branch: z.string(),
  base: z.string(),
  title: z.string(),
  body: z.string(),
  /** The commit on the branch. */
  commit: z.string(),
  state: z.enum(['open', 'merged', 'closed']),
  /** The commit that `base` pointed to after the merge. */
  mergedAs: z.string().nullable(),
  /** Who merged it. */
  mergedBy: z.string().nullable(),
  comments: z.array(z.string()),
});
export type StoredPullRequest = z.infer<typeof storedPullRequestSchema>;

/** Where the built-in forge keeps its pull requests: a table of the server's store, or a file beside the repository. */
export interface PullRequestStore {
  list(): Promise<StoredPullRequest[]>;
  /** Replaces the row with the same `ref`, or adds it. */
  put(row: StoredPullRequest): Promise<void>;
}

/** One JSON file, written whole. For use without a server; one writer at a time. */
export function filePullRequestStore(path: string): PullRequestStore {
  const list = async (): Promise<StoredPullRequest[]> => {
    const bytes = await readIfThere(path);
    if (bytes === undefined) return [];
    try {
      return z.array(storedPullRequestSchema).parse(JSON.parse(bytes.toString('utf8')));
    } catch (error) {
      throw new VouchError('unavailable', `${path}: not a list of pull requests`, {
        cause: error,
        hint: 'move the file away; branches and commits are in the repository',
      });
    }
  };
  return {
    list,
    async put(row) {
      const rows = await list();
      const at = rows.findIndex((one) => one.ref === row.ref);
      if (at === -1) rows.push(row);
      else rows[at] = row;
      await writeFileAtomic(path, `${JSON.stringify(rows, null, 2)}\n`);
    },
  };
}
