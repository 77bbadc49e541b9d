import type { Call, Commit } from '../model.ts';

/** What a person decided on a commit, with the commit as it was. */
export interface Lesson {
  sha: string;
  subject: string;
  body: string;
  /** Paths. */
  files: string[];
  branch: string;
  call: Call;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
  note: string;
}

export interface Alike {
  lesson: Lesson;
  /** 0 … 1. */
  alike: number;
}

export interface Lessons {
  /** What was decided on this very commit and branch; the newest. */
  own(sha: string, branch: string): Lesson | null;
  /** Decisions on other commits, or on other branches for this one, the most alike first. */
  similar(commit: Pick<Commit, 'sha' | 'subject' | 'body' | 'files'>, branch: string, count: number): Alike[];
}

/** Below this nothing is learned from it. */
const ENOUGH = 0.25;
/** What a decision for another branch is worth here. */
const OTHER_BRANCH = 0.8;
const TERMS = 200;
/** Terms that so many lessons have say nothing of any. */
const COMMON = 400;
const IDENTIFIER = /[A-Za-z][A-Za-z0-9]{0,60}_[A-Za-z0-9_]{2,60}/g;
const WORD = /[\p{L}][\p{L}\d]{2,40}/gu;

/** The cosine of what two commits have in common, rare terms counting more (tf-idf): areas, words, identifiers, paths. */
export function lessonsOf(given: readonly Lesson[]): Lessons {
  const own = new Map<string, Lesson>();
  for (const lesson of given) {
    const key = `${lesson.sha} ${lesson.branch}`;
    const known = own.get(key);
    if (known === undefined || lesson.at >= known.at) own.set(key, lesson);
  }
  const lessons = [...own.values()];
  const postings = new Map<string, number[]>();
  const termsByLesson = lessons.map((lesson) => termsOf(lesson, lesson.files));
  termsByLesson.forEach((terms, at) => {
    for (const term of terms) {
      const list = postings.get(term);
      if (list) list.push(at);
      else postings.set(term, [at]);
    }
  });
  const idf = (term: string): number => Math.log(1 + lessons.length / (postings.get(term)?.length ?? 1));
  const length = (terms: ReadonlySet<string>): number =>
    Math.sqrt([...terms].reduce((sum, term) => sum + idf(term) ** 2, 0));
  const lengths = termsByLesson.map(length);
  return {
    own: (sha, branch) => own.get(`${sha} ${branch}`) ?? null,
    similar(commit, branch, count) {
      if (lessons.length === 0) return [];
      const terms = termsOf(
        commit,
        commit.files.map(({ path }) => path),
      );
      const sums = new Map<number, number>();
      for (const term of terms) {
        const list = postings.get(term) ?? [];
        if (list.length > COMMON) continue;
        for (const at of list) sums.set(at, (sums.get(at) ?? 0) + idf(term) ** 2);
      }
      const size = length(terms);
      const found = [...sums].flatMap(([at, sum]): Alike[] => {
        const lesson = lessons[at]!;
        if (lesson.sha === commit.sha)
          return lesson.branch === branch ? [] : [{ lesson, alike: OTHER_BRANCH }];
        const alike = (sum / (size * lengths[at]! || 1)) * (lesson.branch === branch ? 1 : OTHER_BRANCH);
        return alike >= ENOUGH ? [{ lesson, alike: Math.min(alike, 1) }] : [];
      });
      return found.toSorted((a, b) => b.alike - a.alike || b.lesson.at - a.lesson.at).slice(0, count);
    },
  };
}

function termsOf({ subject, body }: Pick<Lesson, 'subject' | 'body'>, paths: readonly string[]): Set<string> {
  const terms = new Set<string>();
  for (const [word] of subject.slice(0, 500).toLowerCase().matchAll(WORD)) terms.add(`w ${word}`);
  const head = subject.slice(0, 200).split(':').slice(0, -1);
  for (const part of head) terms.add(`a ${part.trim().toLowerCase()}`);
  for (const [name] of `${subject}\n${body.slice(0, 8000)}`.matchAll(IDENTIFIER)) terms.add(`i ${name}`);
  for (const path of paths.slice(0, 50)) terms.add(`f ${path}`);
  return new Set([...terms].slice(0, TERMS));
}

/** What one quite equal decision moves, in log odds, and all of them together at most. */
const WEIGHT = 1.2;
const MOST = 1.5;
/** Where the message itself says what it wants, others say little. */
const MOST_TOLD = 0.5;

/** How far past decisions move the odds. */
export function shiftOf(similar: readonly Alike[], told: boolean): number {
  const towards = { yes: 1, wait: 0.7, uncertain: 0, no: -1 } as const;
  const sum = similar.reduce((all, { lesson, alike }) => all + WEIGHT * alike ** 2 * towards[lesson.call], 0);
  const most = told ? MOST_TOLD : MOST;
  return Math.max(-most, Math.min(most, sum));
}

export function shifted(probability: number, shift: number): number {
  if (shift === 0) return probability;
  const p = Math.min(Math.max(probability, 0.001), 0.999);
  return 1 / (1 + Math.exp(-(Math.log(p / (1 - p)) + shift)));
}

/** For people. */
export function lessonText({ lesson, alike }: Alike): string {
  const { by, at, call, branch, sha, subject } = lesson;
  const day = new Date(at).toISOString().slice(0, 10);
  return `${by} decided ${call} for ${branch} on ${day}, on ${sha.slice(0, 10)} "${subject.slice(0, 100)}" (${Math.round(alike * 100)} % alike)`;
}
