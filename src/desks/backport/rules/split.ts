/** A sentence of a message, on one line. */
export interface Sentence {
  text: string;
  /** The sentence with a colon at its end that this line is listed below, or null. */
  lead: string | null;
}

/** What is read of a message: instructions stand at the start or the end, never in the middle of a log of megabytes. */
const MAX_READ = 24_000;
const LISTED = /^\s*(?:[-*•]|\d{1,2}[.)]|->)\s+|^\s{2,}\S/;
const FULL = 56;
/** A quoted subject is no longer; behind one that is never closed, sentences end as elsewhere. */
const MAX_TITLE = 220;

/** Sentences in order. Wrapped lines are joined; list entries and indented lines stand alone. Linear in the message. */
export function splitSentences(body: string): Sentence[] {
  const text =
    body.length <= MAX_READ ? body : `${body.slice(0, MAX_READ / 2)}\n\n${body.slice(-MAX_READ / 2)}`;
  const sentences: Sentence[] = [];
  let lead: string | null = null;
  for (const block of blocksOf(text)) {
    for (const part of cut(block.text)) sentences.push({ text: part, lead: block.listed ? lead : null });
    if (block.text.endsWith(':')) lead = sentences.at(-1)?.text ?? null;
    else if (!block.listed) lead = null;
  }
  return sentences;
}

/** Paragraphs, list entries, and lines that end before the margin while the next one begins anew. */
function blocksOf(text: string): { text: string; listed: boolean }[] {
  const blocks: { text: string; listed: boolean }[] = [];
  let lines: string[] = [];
  let listed = false;
  const flush = (): void => {
    const joined = lines.join(' ').trim();
    if (joined !== '') blocks.push({ text: joined, listed });
    lines = [];
    listed = false;
  };
  for (const raw of text.split('\n')) {
    const line = raw.slice(0, 2000).trimEnd();
    const last = lines.at(-1);
    const entry = LISTED.test(line);
    if (line === '') {
      flush();
      continue;
    }
    const ends = last !== undefined && (listed || endsThere(last, line));
    if (entry || (ends && !opensTitle(lines.slice(-4).join(' ')))) flush();
    if (entry) listed = true;
    lines.push(line.trim().replace(/^(?:[-*•]|->)\s+/, ''));
  }
  flush();
  return blocks;
}

/** Whether text ends within `("a quoted subject`, which has colons and capitals of its own. */
function opensTitle(text: string): boolean {
  const open = text.lastIndexOf('("');
  return open !== -1 && text.length - open <= MAX_TITLE && !text.includes('"', open + 2);
}

function endsThere(last: string, next: string): boolean {
  return /[.:!?]$/.test(last)
    ? last.length < FULL || /^\p{Lu}/u.test(next)
    : last.length < FULL && /^\p{Lu}/u.test(next);
}

const END = /[.!?]["')\]]?\s+(?=["'([]?\p{Lu})/gu;

function cut(block: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const match of block.matchAll(END)) {
    const end = match.index + match[0].length;
    if (opensTitle(block.slice(Math.max(start, match.index - MAX_TITLE), match.index))) continue;
    parts.push(block.slice(start, end).trim());
    start = end;
  }
  parts.push(block.slice(start).trim());
  return parts.filter((part) => part !== '');
}
