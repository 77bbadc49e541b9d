import { createHash } from 'node:crypto';
import type { Json } from '../../src/lib/json.ts';
import type { GitEndpoint } from './git-endpoint.ts';
import { textOf } from './http-double.ts';

/** A pull request as the doubles of GitHub and Gitea keep it. */
export interface Pull {
  number: number;
  head: string;
  base: string;
  title: string;
  body: string;
  state: string;
  merged: string | null;
}

export interface Pulls {
  all: Pull[];
  comments: { issue: number; body: Json }[];
  /** Null where there is an open one from this branch already. */
  add(body: { [key: string]: Json }): Pull | null;
  comment(pull: Pull, body: { [key: string]: Json }): void;
  edit(pull: Pull, body: { [key: string]: Json }): void;
}

/** `others`: closed ones, of other branches, that are there before. */
export function pullsDouble(others = 0): Pulls {
  const all: Pull[] = [];
  const comments: Pulls['comments'] = [];
  const push = (part: Pick<Pull, 'head' | 'base' | 'title' | 'body' | 'state'>): Pull => {
    const pull = { number: all.length + 1, ...part, merged: null };
    all.push(pull);
    return pull;
  };
  for (let i = 1; i <= others; i++)
    push({ head: `other-${i}`, base: 'main', title: 't', body: '', state: 'closed' });
  return {
    all,
    comments,
    add(body) {
      const [head, base] = [textOf(body['head']), textOf(body['base'])];
      if (all.some((pull) => pull.head === head && pull.state === 'open')) return null;
      return push({ head, base, title: textOf(body['title']), body: textOf(body['body']), state: 'open' });
    },
    comment: (pull, body) => void comments.push({ issue: pull.number, body: body['body'] ?? null }),
    edit(pull, body) {
      for (const key of ['title', 'body', 'state'] as const) if (key in body) pull[key] = textOf(body[key]);
    },
  };
}

/** The commit of a branch: in the repository that was pushed to, else in the memory of the double. */
export async function tipOf(
  name: string,
  git: GitEndpoint | undefined,
  memory: (name: string) => string | undefined,
): Promise<string | undefined> {
  return (await git?.tip(name)) ?? memory(name);
}

export function hash(value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('hex');
}
