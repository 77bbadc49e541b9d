import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import type { BackportDecisionRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import type { Call, Commit } from './model.ts';
import type { Lesson } from './rules/lessons.ts';

/** What a person said of a commit and a branch. */
export interface Decision {
  id: number;
  sha: string;
  branch: string;
  call: Call;
  note: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
  /**
   * What somebody else said at the same time: this person had not seen it when saying otherwise. Null once anybody has said
   * something with both in view.
   */
  against: { by: string; call: Call; at: number } | null;
}

export interface Saying {
  commit: Pick<Commit, 'sha' | 'subject' | 'body' | 'files'>;
  branch: string;
  call: Call;
  note: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Id of the decision that this person saw; null for none, undefined for a person who looked at all there is. */
  seen?: number | null;
}

const DECISION_LIMITS = { note: 4000, by: 200, body: 8000, files: 100, lessons: 20_000 } as const;
const AT_ONCE = 500;
const commitSchema = z.object({ subject: z.string(), body: z.string(), files: z.array(z.string()) });

/** Keeps what people said, all or none of it. Throws `usage` for one without a name. */
export async function sayDecisions(
  { db }: Store,
  project: string,
  sayings: readonly Saying[],
): Promise<number[]> {
  for (const { by, note, branch } of sayings) {
    if (by.trim() === '' || by.length > DECISION_LIMITS.by)
      throw new VouchError('usage', 'a decision needs the name of a person', { hint: '--as NAME' });
    if (note.length > DECISION_LIMITS.note)
      throw new VouchError('usage', `a note of ${note.length} characters: at most ${DECISION_LIMITS.note}`);
    if (branch === '' || branch.length > 200) throw new VouchError('usage', 'a decision needs a branch');
  }
  return db.transaction().execute(async (tx) => {
    const ids: number[] = [];
    for (const { commit, branch, call, note, by, at, seen } of sayings) {
      const latest = await tx
        .selectFrom('backportDecisions')
        .select('id')
        .where('sha', '=', commit.sha)
        .where('branch', '=', branch)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      const text = {
        subject: commit.subject,
        body: commit.body.slice(0, DECISION_LIMITS.body),
        files: commit.files.slice(0, DECISION_LIMITS.files).map(({ path }) => path),
      };
      const { id } = await tx
        .insertInto('backportDecisions')
        .values({
          sha: commit.sha,
          branch,
          call,
          note: note.toWellFormed(),
          by: by.trim().toWellFormed(),
          at,
          seen: seen === undefined ? (latest?.id ?? null) : seen,
          project,
          commit: JSON.stringify(text),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      ids.push(id);
    }
    return ids;
  });
}

/** What holds for these commits: of each commit and branch the newest, in the order of saying. */
export async function decisionsOn({ db }: Store, shas: readonly string[]): Promise<Decision[]> {
  const rows: BackportDecisionRowRead[] = [];
  for (let at = 0; at < shas.length; at += AT_ONCE)
    rows.push(
      ...(await db
        .selectFrom('backportDecisions')
        .selectAll()
        .where('sha', 'in', shas.slice(at, at + AT_ONCE))
        .orderBy('id')
        .execute()),
    );
  return holding(rows);
}

/** All that holds for one branch, or for all. */
export async function allDecisions({ db }: Store, branch?: string): Promise<Decision[]> {
  let query = db.selectFrom('backportDecisions').selectAll().orderBy('id');
  if (branch !== undefined) query = query.where('branch', '=', branch);
  return holding(await query.execute());
}

/** Decisions of a project as lessons: what holds, one a commit and branch. */
export async function storedLessons({ db }: Store, project: string): Promise<Lesson[]> {
  const rows = await db
    .selectFrom('backportDecisions')
    .selectAll()
    .where('project', '=', project)
    .orderBy('id', 'desc')
    .limit(DECISION_LIMITS.lessons)
    .execute();
  const seen = new Set<string>();
  return rows.flatMap(({ sha, branch, call, by, at, note, commit }): Lesson[] => {
    const key = `${sha} ${branch}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ sha, branch, call, by, at, note, ...commitSchema.parse(JSON.parse(commit)) }];
  });
}

type BackportDecisionRowRead = Omit<BackportDecisionRow, 'id'> & { id: number };

function holding(rows: readonly BackportDecisionRowRead[]): Decision[] {
  const latest = new Map<string, Decision>();
  for (const [key, said] of Map.groupBy(rows, ({ sha, branch }) => `${sha} ${branch}`)) {
    const { id, sha, branch, call, note, by, at, seen } = said.at(-1)!;
    // What others said since this person last looked.
    const other = said.findLast((one) => one.by !== by && one.id > (seen ?? 0));
    const against =
      other === undefined || other.call === call ? null : { by: other.by, call: other.call, at: other.at };
    latest.set(key, { id, sha, branch, call, note, by, at, against });
  }
  return [...latest.values()].toSorted((a, b) => a.id - b.id);
}
