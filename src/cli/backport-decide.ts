import { z } from 'zod';
import { readCommitsFile } from '../desks/backport/commits-file.ts';
import { sayDecisions, type Saying } from '../desks/backport/decisions.ts';
import { commitOf, openRepository } from '../desks/backport/git/repository.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import { readCommits } from '../desks/backport/history/read.ts';
import type { Call, Commit } from '../desks/backport/model.ts';
import { VouchError } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import { openStore, type Store } from '../store/store.ts';
import type { DecideOptions, ImportOptions } from './commands/backport-picks.ts';
import { readNamed } from './options.ts';
import { projectFor } from './backport-triage.ts';
import type { Session } from './session.ts';
import { brief, plain } from './style.ts';

const MAX_FILE_BYTES = 32 * 2 ** 20;

export async function runDecide(
  session: Session,
  commit: string,
  call: Call,
  { onto, as: by, note, rules, ...source }: DecideOptions,
): Promise<void> {
  const store = await openStore(session.folder);
  try {
    const { commits, around } = await commitsOf(session, store, [commit], source);
    const [found] = commits;
    if (found === undefined) throw notThere(commit);
    const project = await projectFor(session, rules, around);
    const at = Date.now();
    const sayings = [...new Set(onto)].map((branch): Saying => ({
      commit: found,
      branch,
      call,
      note,
      by,
      at,
    }));
    await sayDecisions(store, project.name, sayings);
    const said = sayings.map(({ branch }) => ({
      sha: found.sha,
      subject: found.subject,
      branch,
      call,
      by,
      note,
    }));
    session.answer(said, () =>
      said
        .map(
          ({ sha, branch, subject }) =>
            `${sha.slice(0, 12)} onto ${plain(branch)}: ${call}, by ${plain(by)}: ${brief(subject)}`,
        )
        .join('\n'),
    );
  } finally {
    await store.close();
  }
}

const LETTERS = { n: 'no', u: 'uncertain', w: 'wait', y: 'yes' } as const;
const fileSchema = z.object({
  format: z.literal(1),
  decisions: z
    .array(
      z.object({
        sha: z.string().regex(/^[0-9a-f]{7,64}$/i),
        branch: z.string().min(1).max(200),
        call: z.union([
          z.enum(['n', 'u', 'w', 'y']).transform((letter) => LETTERS[letter]),
          z.enum(['no', 'uncertain', 'wait', 'yes']),
        ]),
        by: z.string().max(200).default(''),
        /** Milliseconds since 1970, or ISO 8601. */
        at: z.union([z.number(), z.string().transform((text) => Date.parse(text))]).optional(),
        note: z.string().max(4000).default(''),
        /** The decision of somebody else that was on the page when this one was made. */
        seen: z.number().int().nullable().default(null),
      }),
    )
    .max(200_000),
});

/** What is of no known commit is named, and nothing of the file is taken then: half a review would look like a whole one. */
export async function runImport(session: Session, file: string, options: ImportOptions): Promise<void> {
  const { decisions } = parseFile(await readNamed(file, MAX_FILE_BYTES), file);
  const unnamed = decisions.find(({ by }) => by.trim() === '');
  if (unnamed !== undefined && options.as === undefined)
    throw new VouchError('usage', `${file}: ${unnamed.sha}: says not who decided`, {
      hint: 'give the person with --as',
    });
  const store = await openStore(session.folder);
  try {
    const { commits, around } = await commitsOf(
      session,
      store,
      [...new Set(decisions.map(({ sha }) => sha.toLowerCase()))],
      options,
    );
    const bySha = new Map(commits.map((commit) => [commit.sha, commit]));
    const sayings = decisions.map(({ sha, branch, call, by, at, note, seen }): Saying => {
      const id = sha.toLowerCase();
      const commit = bySha.get(id) ?? commits.find((one) => one.sha.startsWith(id));
      if (commit === undefined) throw notThere(sha);
      const when = at === undefined || !Number.isFinite(at) ? Date.now() : at;
      return { commit, branch, call, note, by: by.trim() === '' ? options.as! : by, at: when, seen };
    });
    const project = await projectFor(session, options.rules, around);
    await sayDecisions(store, project.name, sayings);
    session.answer(
      { imported: sayings.length },
      () => `${sayings.length} decisions taken over from ${plain(file)}`,
    );
  } finally {
    await store.close();
  }
}

function parseFile(text: string, file: string): z.infer<typeof fileSchema> {
  const parsed = fileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VouchError(
    'usage',
    `${file}: ${issue!.path.join('.')}${issue!.path.length > 0 ? ': ' : ''}${issue!.message}`,
    {
      hint: 'give a file that the page exported',
    },
  );
}

interface Source {
  commits: Commit[];
  /** Commits of the same history, to tell whose way of writing it is. */
  around: Pick<Commit, 'subject'>[];
}

async function commitsOf(
  session: Session,
  store: Store,
  names: readonly string[],
  { repo, commits: file }: { repo?: string; commits?: string },
): Promise<Source> {
  if ((repo === undefined) === (file === undefined))
    throw new VouchError('usage', 'where are the commits?', {
      hint: 'give --repo DIR or --commits FILE.jsonl',
    });
  if (file !== undefined) {
    const { commits } = await readCommitsFile(file, { signal: session.signal });
    const named = commits.filter(({ sha }) => names.some((name) => sha.startsWith(name.toLowerCase())));
    return { commits: named, around: commits };
  }
  const repository = await openRepository(repo!);
  const ids: string[] = [];
  for (const name of names) ids.push(await commitOf(repository, 'commit', name));
  const recent = await repository.text([
    'log',
    '-z',
    '-n',
    '500',
    '--no-merges',
    '--format=%s',
    ...ids.slice(0, 1),
    '--',
  ]);
  const commits = await readCommits(repository, ids, {
    cache: storedCache(store),
    signal: session.signal,
    onProgress: (line) => session.progress(plain(line)),
  });
  return { commits, around: recent.split('\0').map((subject) => ({ subject })) };
}

function notThere(sha: string): VouchError {
  return new VouchError('not-found', `commit ${sha}: not in that history`);
}
