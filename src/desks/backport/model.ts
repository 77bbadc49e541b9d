/** One commit of the development branch: all that an engine sees. Labels and what came later are not part of it. */
export interface Commit {
  /** 40 hex digits, or as many as the source had (7 or more). */
  sha: string;
  /** When it was committed: ISO 8601. */
  date: string;
  subject: string;
  body: string;
  files: ChangedFile[];
  /** Null where the source does not say. */
  author: Author | null;
}

export interface Author {
  name: string;
  email: string;
}

export interface ChangedFile {
  path: string;
  /** Lines; 0 where the source says none (binary files). */
  added: number;
  removed: number;
}

export type Call = 'yes' | 'no' | 'wait' | 'uncertain';

/** How a branch is known to have a commit already: what the pick's message says, who wrote it and when, or what it changes. */
type Likeness = 'picked-from' | 'same-author-date-subject' | 'same-change' | 'same-commit';

/** A commit of a branch that is a commit of the development branch. */
export interface Already {
  /** The commit on the branch. */
  sha: string;
  how: Likeness;
}

/** What an engine says of one commit and one branch; the fields are those of `vouch backport triage --json`. */
export interface Verdict {
  sha: string;
  subject: string;
  branch: string;
  verdict: Call;
  /** How likely the verdict is right, 0 to 1; of `uncertain`, how likely the better of yes and no is. */
  confidence: number;
  /** How likely the commit is backported to the branch, 0 to 1, whatever the verdict. */
  probability: number;
  reason: string;
  /** `person`: somebody decided it before. */
  engine: 'rules' | 'llm' | 'person';
  /** Quotes of the message, or names of rules. */
  evidence: string[];
  /** Ids of commits of the same history that it needs. */
  needs: string[];
  /** Files; null when the cherry-pick was not tried. */
  conflicts: string[] | null;
  /** Of `needs`, those without which it conflicts; empty when it was not tried. */
  prerequisites: string[];
  /** Null where the branch does not have it, or nobody looked. */
  already: Already | null;
  /** ISO 8601: the end of the period that the message asks to wait for; null when it asks for none. */
  waitUntil: string | null;
}
