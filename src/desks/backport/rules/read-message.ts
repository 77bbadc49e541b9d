import type { Commit } from '../model.ts';
import { matches, type Phrase } from './phrase.ts';
import type { MEANS, Project, Rule, SAYS } from './project.ts';
import { splitSentences } from './split.ts';
import { tokensOf, type Token } from './tokens.ts';

type Says = (typeof SAYS)[number];
type Means = (typeof MEANS)[number];

/** A sentence about backports. */
export interface Said {
  text: string;
  /** Ids of the rules that hold. */
  rules: string[];
  says: ReadonlySet<Says>;
  /** What it comes to; `remark` when it speaks of backports and says neither. */
  call: 'asks' | 'may' | 'declines' | 'remark';
  versions: string[];
  everywhere: boolean;
}

/** A commit that the message names. */
export interface Link {
  means: Means | 'named';
  /** An id or the start of one, in lower case; or a subject. */
  id: string | null;
  title: string | null;
  /** It stands in a sentence about backports, or below one. */
  aboutBackports: boolean;
}

/** All that is read of one message, without regard to other commits or branches. */
export interface Reading {
  said: Said[];
  links: Link[];
  hints: string[];
  needsPrevious: boolean;
  needsNext: boolean;
  /** It speaks for a series of commits. */
  needsSeries: boolean;
  /** Days that it asks to wait, null when it doesn't. */
  waitDays: number | null;
  head: Head;
}

interface Head {
  /** The rules file's names for the tag. */
  tags: string[];
  /** The part of the program, as the subject names it. */
  area: string | null;
  rest: string;
}

/** Reads a message sentence by sentence. Linear in what is read of it. */
export function readMessage(project: Project, commit: Pick<Commit, 'subject' | 'body'>): Reading {
  const head = readHead(project, commit.subject);
  const reading: Reading = {
    said: [],
    links: [],
    hints: [],
    needsPrevious: false,
    needsNext: false,
    needsSeries: false,
    waitDays: null,
    head,
  };
  const hints = new Set<string>(
    holding(project.hints, tokensOf(commit.subject)).map(({ id }) => `subject-${id}`),
  );
  for (const { text, lead } of splitSentences(commit.body)) {
    const tokens = tokensOf(text);
    const about = any(project.about, tokens);
    if (about) reading.said.push(readSaid(project, text, tokens));
    const leadTokens = lead === null ? null : tokensOf(lead);
    if (about) readNeighbours(project, tokens, reading);
    readLinks(project, tokens, leadTokens, text, about, reading.links);
    for (const { id } of holding(project.hints, tokens)) hints.add(id);
  }
  reading.hints = [...hints];
  return reading;
}

/** What one sentence says; null when it is not about backports. */
export function readSentence(project: Project, text: string): Said | null {
  const tokens = tokensOf(text);
  return any(project.about, tokens) ? readSaid(project, text, tokens) : null;
}

function readSaid(project: Project, text: string, tokens: readonly Token[]): Said {
  const rules = holding(project.sentences, tokens) as Project['sentences'];
  const says = new Set(rules.map((rule) => rule.says));
  const call = (['declines', 'asks', 'may'] as const).find((one) => says.has(one)) ?? 'remark';
  return {
    text,
    rules: rules.map(({ id }) => id),
    says,
    call,
    versions: tokens.filter(({ kind }) => kind === 'version').map((token) => token.text),
    everywhere: any(project.everywhere, tokens),
  };
}

function readNeighbours(project: Project, tokens: readonly Token[], reading: Reading): void {
  if (any(project.neighbours.previous ?? [], tokens)) reading.needsPrevious = true;
  if (any(project.neighbours.next ?? [], tokens)) reading.needsNext = true;
  if (any(project.neighbours.series ?? [], tokens)) reading.needsSeries = true;
  const said = reading.said.at(-1)!;
  if (!said.says.has('wait')) return;
  const days = project.waiting.find((period) => any(period.phrases, tokens))?.days ?? project.observation;
  reading.waitDays = Math.max(reading.waitDays ?? 0, days);
}

/** A list below "the following commits are needed:" says of each what its lead says of all. */
function readLinks(
  project: Project,
  tokens: readonly Token[],
  lead: readonly Token[] | null,
  text: string,
  about: boolean,
  links: Link[],
): void {
  const named = tokens.filter(({ kind }) => kind === 'commit' || kind === 'title');
  const leadAbout = lead !== null && any(project.about, lead);
  if (named.length === 0 && lead === null) return;
  const rule = (holding(project.links, tokens)[0] ?? (lead && holding(project.links, lead)[0])) as
    | Project['links'][number]
    | undefined;
  const shared = { means: rule?.means ?? ('named' as const), aboutBackports: about || leadAbout };
  for (const { kind, text: name } of named)
    links.push({ ...shared, id: kind === 'commit' ? name : null, title: kind === 'title' ? name : null });
  if (lead !== null) links.push({ ...shared, id: null, title: text });
}

const HEAD = /^(?<tag>[A-Za-z][A-Za-z/_-]{0,30})(?:\((?<scope>[^()]{1,60})\))?!?:\s*(?<rest>.*)$/s;

/** `TAG: area: what`, `type(area)!: what`, or `Revert "…"`. */
function readHead(project: Project, subject: string): Head {
  const line = subject.slice(0, 500);
  const match = HEAD.exec(line)?.groups;
  if (!match) return { tags: tagsOf(project, line.split(/[\s"]/, 1)[0]!), area: null, rest: line };
  const rest = match.rest!;
  const colon = rest.indexOf(':');
  const area = match.scope ?? (colon > 0 && colon <= 40 ? rest.slice(0, colon) : null);
  return { tags: tagsOf(project, match.tag!), area: area?.trim().toLowerCase() ?? null, rest };
}

function tagsOf(project: Project, tag: string): string[] {
  const given = tag.toLowerCase();
  return Object.entries(project.tags)
    .filter(([, names]) => names.some((name) => fitsName(name.toLowerCase(), given)))
    .map(([id]) => id);
}

function fitsName(name: string, given: string): boolean {
  if (name.startsWith('*')) return given.endsWith(name.slice(1));
  return name.endsWith('*') ? given.startsWith(name.slice(0, -1)) : given === name;
}

function holding<R extends Rule>(rules: readonly R[], tokens: readonly Token[]): R[] {
  return rules.filter((rule) => any(rule.phrases, tokens) && !any(rule.unless, tokens));
}

function any(phrases: readonly Phrase[], tokens: readonly Token[]): boolean {
  return phrases.some((phrase) => matches(phrase, tokens));
}
