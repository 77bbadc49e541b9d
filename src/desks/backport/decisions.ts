import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import type { BackportDecisionRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import type { Call, Commit } from './model.ts';
import type { Lesson } from './rules/lessons.ts';

/** What a person said of a commit and a branch. */
export interface Decision {
  /** Of the last thing that was said there: whoever had it in view has seen all before. */
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

/** How it stands for a commit and a branch that people said something of: a decision or none, and everybody's own note. */
export interface Standing extends Omit<Decision, 'call' | 'note'> {
  call: Call | null;
  notes: { by: string; note: string; at: number }[];
}

export interface Saying {
  commit: Pick<Commit, 'sha' | 'subject' | 'body' | 'files'>;
  branch: string;
  /** `none` takes back what this person said before; `note` leaves it as it is, and changes their note alone. */
  call: Call | 'none' | 'note';
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

/** How it stands for these commits, where people said anything; in the order of saying. */
export async function standingsOn({ db }: Store, shas: readonly string[]): Promise<Standing[]> {
  const rows: Row[] = [];
  for (let at = 0; at < shas.length; at += AT_ONCE)
    rows.push(
      ...(await db
        .selectFrom('backportDecisions')
        .select(COLUMNS)
        .where('sha', 'in', shas.slice(at, at + AT_ONCE))
        .orderBy('id')
        .execute()),
    );
  return standing(rows).map(([one]) => one);
}

/** All that holds for one branch, or for all: of each commit and branch the newest, in the order of saying. */
export async function allDecisions({ db }: Store, branch?: string): Promise<Decision[]> {
  let query = db.selectFrom('backportDecisions').select(COLUMNS).orderBy('id');
  if (branch !== undefined) query = query.where('branch', '=', branch);
  return holding(await query.execute());
}

/** Commits of which something was said later than `after`. */
export async function commitsSaidAfter({ db }: Store, after: number): Promise<string[]> {
  const rows = await db
    .selectFrom('backportDecisions')
    .select('sha')
    .distinct()
    .where('id', '>', after)
    .execute();
  return rows.map(({ sha }) => sha);
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
    const own = `${key} ${by}`;
    // Newest first: what was said before somebody took it back is no lesson.
    if (call === 'none') seen.add(own);
    if (call === 'none' || call === 'note' || seen.has(own) || seen.has(key)) return [];
    seen.add(key);
    return [{ sha, branch, call, by, at, note, ...commitSchema.parse(JSON.parse(commit)) }];
  });
}

type Row = Omit<BackportDecisionRow, 'id' | 'project' | 'commit'> & { id: number };

/** Without the texts of the commits, which are most of it. */
const COLUMNS = ['id', 'sha', 'branch', 'call', 'note', 'by', 'at', 'seen'] as const;

function holding(rows: readonly Row[]): Decision[] {
  return standing(rows).flatMap(([{ id, sha, branch, call, by, at, against }, note]) =>
    call === null ? [] : [{ id, sha, branch, call, note, by, at, against }],
  );
}

/** Of each commit and branch how it stands, with the note of what holds. */
function standing(rows: readonly Row[]): [Standing, note: string][] {
  return [...Map.groupBy(rows, ({ sha, branch }) => `${sha} ${branch}`).values()]
    .map(standingOf)
    .toSorted(([a], [b]) => a.id - b.id);
}

function standingOf(said: readonly Row[]): [Standing, note: string] {
  const last = said.at(-1)!;
  const latest = new Map(said.map((one) => [one.by, one]));
  const calls = said.filter(({ call }) => call !== 'note');
  const latestCall = new Map(calls.map((one) => [one.by, one.call]));
  // What somebody took back counts no longer.
  const counting = calls.filter(({ by }) => latestCall.get(by) !== 'none').filter(isCall);
  const holds = counting.at(-1);
  const { by, at } = holds ?? last;
  const note = latest.get(by)!.note;
  // What others said since this person last looked.
  const other = holds && counting.findLast((one) => one.by !== holds.by && one.id > (holds.seen ?? 0));
  const { id, sha, branch } = last;
  const against =
    other === undefined || other.call === holds?.call
      ? null
      : { by: other.by, call: other.call, at: other.at };
  const notes = [...latest.values()]
    .filter((one) => one.note !== '')
    .map((one) => ({ by: one.by, note: one.note, at: one.at }));
  return [{ id, sha, branch, call: holds?.call ?? null, by, at, against, notes }, note];
}

function isCall(row: Row): row is Row & { call: Call } {
  return row.call !== 'none' && row.call !== 'note';
}
