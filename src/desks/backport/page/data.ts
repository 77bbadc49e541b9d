import { VouchError } from '../../../lib/errors.ts';
import type { Decision } from '../decisions.ts';
import type { Already, Call, Commit, Verdict } from '../model.ts';

/** One letter a call, as in `cid_y`. */
export type Letter = 'n' | 'u' | 'w' | 'y';

/** All that a page shows, as it stands in the page. */
export interface PageData {
  format: 1;
  /** Of this history, the same for later pages of it: what a reviewer chose is kept under it. */
  key: string;
  title: string;
  /** Milliseconds since 1970. */
  generatedAt: number;
  project: string;
  branches: string[];
  /** With `{sha}` and `{number}`; http or https. */
  links: { commit: string | null; issue: string | null };
  /** A "yes" at least this sure, 0 to 1, needs no second look. */
  autoYes: number;
  /** Oldest first. */
  commits: PageCommit[];
  /** What people said before. */
  decisions: PageDecision[];
}

export interface PageCommit {
  sha: string;
  /** ISO 8601. */
  date: string;
  /** `foo@haproxy`; null where nobody is named. */
  author: string | null;
  subject: string;
  body: string;
  /** Calls itself a bug fix or documentation: to be seen even where it is a "no". */
  bug: boolean;
  files: (readonly [path: string, added: number, removed: number])[];
  /** How many files are not listed. */
  moreFiles: number;
  /** One a branch, in the order of the branches; null where there is none. */
  verdicts: (PageVerdict | null)[];
}

export interface PageVerdict {
  verdict: Letter;
  confidence: number;
  reason: string;
  engine: string;
  evidence: string[];
  needs: string[];
  conflicts: string[] | null;
  prerequisites: string[];
  already: Already | null;
  waitUntil: string | null;
}

export interface PageDecision {
  /** In the store; what a reviewer saw when saying otherwise. */
  id: number;
  sha: string;
  branch: string;
  call: Letter;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
  note: string;
  /** Who said otherwise at the same time, where that is open still. */
  against?: { by: string; call: Letter; at: number } | null | undefined;
}

export interface PageOptions {
  key: string;
  title: string;
  project: string;
  branches: readonly string[];
  autoYes: number;
  generatedAt: number;
  links: PageData['links'];
  decisions?: readonly Decision[];
}

const LIMITS = { subject: 1000, body: 4000, reason: 2000, quote: 1000, path: 500, name: 200 } as const;
const MANY = { commits: 50_000, files: 20, evidence: 20, needs: 50, conflicts: 50 } as const;
const LETTERS = { no: 'n', uncertain: 'u', wait: 'w', yes: 'y' } as const satisfies Record<Call, Letter>;
const SHA = /^[0-9a-f]{7,64}$/;

/**
 * What a page of these commits shows. Commits whose id is none are left out: ids become shell words and parts of addresses.
 * Throws `usage` for more than a browser can hold.
 */
export function pageDataOf(
  commits: readonly Commit[],
  verdicts: readonly Verdict[],
  options: PageOptions,
): PageData {
  const { key, title, project, branches, autoYes, generatedAt, links, decisions = [] } = options;
  if (commits.length > MANY.commits)
    throw new VouchError('usage', `a page of ${commits.length} commits: at most ${MANY.commits}`, {
      hint: 'give a narrower range',
    });
  const told = new Map<string, Map<string, Verdict>>();
  for (const verdict of verdicts) {
    const ofCommit = told.get(verdict.sha) ?? new Map<string, Verdict>();
    told.set(verdict.sha, ofCommit.set(verdict.branch, verdict));
  }
  return {
    format: 1,
    key,
    title: cut(title, LIMITS.name),
    generatedAt,
    project,
    branches: [...branches],
    links,
    autoYes,
    commits: commits
      .filter(({ sha }) => SHA.test(sha))
      .map((commit) => commitOf(commit, branches, told.get(commit.sha))),
    decisions: decisions
      .filter(({ sha }) => SHA.test(sha))
      .map(({ against, call, ...rest }) => ({
        ...rest,
        call: LETTERS[call],
        against: against && { ...against, call: LETTERS[against.call] },
      })),
  };
}

function commitOf(
  { sha, date, author, subject, body, files }: Commit,
  branches: readonly string[],
  told: ReadonlyMap<string, Verdict> | undefined,
): PageCommit {
  return {
    sha,
    date,
    author: author === null ? null : addressOf(author.email || author.name),
    subject: cut(subject, LIMITS.subject),
    body: cut(body, LIMITS.body),
    bug: isBug(subject, body),
    files: files
      .slice(0, MANY.files)
      .map(({ path, added, removed }) => [cut(path, LIMITS.path), added, removed]),
    moreFiles: Math.max(0, files.length - MANY.files),
    verdicts: branches.map((branch) => {
      const verdict = told?.get(branch);
      return verdict === undefined ? null : verdictOf(verdict);
    }),
  };
}

function verdictOf(verdict: Verdict): PageVerdict {
  const { confidence, reason, engine, evidence, needs, conflicts, prerequisites, already, waitUntil } =
    verdict;
  return {
    verdict: LETTERS[verdict.verdict],
    confidence,
    reason: cut(reason, LIMITS.reason),
    engine,
    evidence: evidence.slice(0, MANY.evidence).map((quote) => cut(quote, LIMITS.quote)),
    needs: idsOf(needs),
    conflicts: conflicts?.slice(0, MANY.conflicts).map((path) => cut(path, LIMITS.path)) ?? null,
    prerequisites: idsOf(prerequisites),
    already,
    waitUntil,
  };
}

function idsOf(ids: readonly string[]): string[] {
  return ids.filter((id) => SHA.test(id)).slice(0, MANY.needs);
}

/** `foo@haproxy`: enough to know whom to ask. */
function addressOf(email: string): string {
  const at = email.lastIndexOf('@');
  if (at === -1) return cut(email, 60);
  const [domain = ''] = email.slice(at + 1).split('.');
  return cut(`${email.slice(0, at)}@${domain}`, 60);
}

/** By the tags of projects that have such: `BUG/MINOR: …`, `DOC: …`, `fix(http): …`, `docs: …`, and a `Fixes:` trailer. */
function isBug(subject: string, body: string): boolean {
  return (
    /^(?:BUG|DOC)\b|^(?:fix|docs?)(?:\([^)]*\))?!?:/i.test(subject) || /^Fixes: [0-9a-f]{7,}/m.test(body)
  );
}

/** Where the links of a page lead. Throws `usage` for what is no web address or lacks its blank. */
export function pageLinks({
  commitUrl,
  issueUrl,
}: {
  commitUrl?: string;
  issueUrl?: string;
}): PageData['links'] {
  return {
    commit: linkTemplate(commitUrl, '--commit-url', '{sha}'),
    issue: linkTemplate(issueUrl, '--issue-url', '{number}'),
  };
}

function linkTemplate(text: string | undefined, option: string, blank: string): string | null {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || text.length > 500)
    throw new VouchError('usage', `${option}: not an http or https address`);
  if (!text.includes(blank)) throw new VouchError('usage', `${option}: has no ${blank}`);
  return text;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).trimEnd().toWellFormed()}…`;
}
