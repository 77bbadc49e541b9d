import { VouchError } from '../lib/errors.ts';
import { badPath } from '../lib/tree-path.ts';
import type { CommitsRequest, PullRequest } from './port.ts';

/**
 * A branch name that git takes (git-check-ref-format) and that means nothing to a shell, a URL or an option parser:
 * letters, digits, `.`, `_`, `-`, `/`.
 */
function isBranch(name: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(name) &&
    !/\.\.|\/\/|\/\.|\.\/|\.lock(?:\/|$)|[./]$/.test(name) &&
    name !== 'HEAD'
  );
}

/** Throws `usage` for a request that no forge should be sent. */
export function checkRequest(request: PullRequest): void {
  checkPlaces(request);
  if (Object.keys(request.changes).length === 0) throw bad('no changes');
  for (const path of Object.keys(request.changes)) {
    const why = badPath(path);
    if (why !== null) throw bad(why);
  }
  checkPerson(request.author);
}

/** The same for commits that exist. */
export function checkCommits(request: CommitsRequest): void {
  checkPlaces(request);
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(request.commit))
    throw bad(`${JSON.stringify(request.commit)}: not the id of a commit`);
}

function checkPlaces({ branch, base, title }: Pick<PullRequest, 'branch' | 'base' | 'title'>): void {
  if (!isBranch(branch)) throw bad(`branch ${JSON.stringify(branch)}: not a branch name`);
  if (!isBranch(base)) throw bad(`base ${JSON.stringify(base)}: not a branch name`);
  if (branch === base) throw bad(`branch and base are both ${base}`);
  if (title.trim() === '') throw bad('no title');
}

/** Throws `usage` for a person without a name, or with one that would break a commit's header. */
export function checkPerson(person: { name: string; email: string }): void {
  if (person.name.trim() === '') throw bad('a merge needs the name of a person');
  for (const text of [person.name, person.email])
    if (/[\u0000-\u001f\u007f<>]/.test(text) || text.length > 200)
      throw bad(`${JSON.stringify(text)}: not a name or an e-mail address`);
}

function bad(what: string): VouchError {
  return new VouchError('usage', `pull request: ${what}`);
}
