import type { Repair } from '../intent.ts';
import type { Item } from './unified-body.ts';
import type { FoundHunk } from './unified-hunk.ts';

/**
 * The text of a new file: its added lines. What is neither added nor blank makes it doubtful, unless nothing has a `+`
 * and it is plain where the text ends; then all of it is the content.
 */
export function createdText(
  hunks: readonly FoundHunk[],
  labels: readonly string[],
): { text: string; repairs: Repair[] } | { problem: string } {
  const lines: string[] = [];
  const repairs: Repair[] = [];
  let noNewline = false;
  for (const [i, hunk] of hunks.entries()) {
    const label = labels[i]!;
    const { items } = hunk.body;
    const isWhole = hunk.body.items.length > 0 && !items.some((item) => item.kind === '+');
    const read = isWhole ? wholeText(hunk, label) : addedText(hunk, label);
    if ('problem' in read) return read;
    for (const item of read.items) lines.push(textOf(item, isWhole));
    noNewline = read.items.at(-1)?.noNewline === true;
    repairs.push(...read.repairs);
    const counts = hunk.header?.counts;
    if (counts && counts.now !== read.items.length)
      repairs.push({ fault: 'hunk-counts', text: `recounted ${label}` });
  }
  return { text: lines.join('\n') + (lines.length === 0 || noNewline ? '' : '\n'), repairs };
}

type Read = { items: Item[]; repairs: Repair[] } | { problem: string };

function textOf(item: Item, isWhole: boolean): string {
  return isWhole || item.kind === 'blank' ? item.raw : item.raw.slice(1);
}

function addedText({ body, fenced }: FoundHunk, label: string): Read {
  const last = body.items.findLastIndex((item) => item.kind === '+');
  const items = body.items.slice(0, last + 1);
  const rest = body.items.slice(last + 1);
  const isOther = (item: Item): boolean => item.kind !== '+' && item.raw.trim() !== '';
  // Below it, outside of a fence, there may be text about the diff.
  if (items.some(isOther) || rest.some((item) => isOther(item) && (fenced || item.kind !== 'bare')))
    return { problem: `${label} makes a new file, but not all of its lines begin with \`+\`` };
  if (items.every((item) => item.kind === '+')) return { items, repairs: [] };
  return { items, repairs: [{ fault: 'blank-lines', text: `took blank lines of ${label} for added ones` }] };
}

function wholeText({ body, header, fenced }: FoundHunk, label: string): Read {
  const { items } = body;
  const isIndented = items.every((item) => item.raw.trim() === '' || item.raw.startsWith(' '));
  if (isIndented || !(fenced || header?.counts?.now === items.length))
    return { problem: `${label} makes a new file, but its lines do not begin with \`+\`` };
  return {
    items,
    repairs: [{ fault: 'hunk-prefix', text: `put the missing \`+\` before the lines of ${label}` }],
  };
}
