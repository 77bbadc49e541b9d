export interface PullRequest {
  /** `vouch/fix-…`. */
  branch: string;
  base: string;
  title: string;
  /** Markdown. */
  body: string;
  /** Whole content of each changed file; null deletes. */
  changes: Record<string, string | null>;
  message: string;
  author: { name: string; email: string };
}

/** A pull request of commits that were made already: a series keeps its authors and messages. */
export interface CommitsRequest {
  branch: string;
  base: string;
  title: string;
  /** Markdown. */
  body: string;
  /** Full id of the newest commit. */
  commit: string;
  /** Folder of the objects of the repository that has it. */
  objects: string;
  signal?: AbortSignal;
}

export interface Opened {
  branch: string;
  url: string;
  /** The forge's own number or id. */
  ref: string;
  commit: string;
}

/** Where pull requests are opened and merged. Merging always carries the name of a person. */
export interface Forge {
  readonly name: 'local' | 'github' | 'gitea';
  /** Opening the same branch with the same changes again gives the same pull request. */
  open(request: PullRequest): Promise<Opened>;
  /** The same with commits that exist. Throws `conflict` where the branch has others. */
  openCommits(request: CommitsRequest): Promise<Opened>;
  /**
   * Returns the commit that `base` points to afterwards; a pull request that was merged before gives the commit of then.
   * Throws `conflict` when it cannot be merged, or when its branch is no longer at `commit`, the one that was proved.
   */
  merge(ref: string, by: { name: string; email: string }, commit?: string): Promise<{ commit: string }>;
  close(ref: string, comment: string): Promise<void>;
}
