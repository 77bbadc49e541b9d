import type { HunkLine, Repair } from '../intent.ts';
import { foreignIndent, indentMap, type Mapped } from './indent.ts';
import { indentOf, isBlank, type FileText } from './lines.ts';
import type { Placement } from './match.ts';

/** What a hunk's new lines have to be turned into to stand where they go. */
export type Adapt = (text: string) => string | null;

/** The lines of a hunk and of the file that are the same, as [the hunk's text, the file's]. */
export function pairsOf(
  file: FileText,
  lines: readonly HunkLine[],
  placement: Placement,
): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [i, line] of lines.entries()) {
    const at = placement.at[i]!;
    if (at !== -1 && !isBlank(line.text)) pairs.push([line.text, file.lines[at]!.text]);
  }
  return pairs;
}

/** How leading white space maps, by the lines that are the same; null where it does in no one way. */
export function indentOfPlacement(
  file: FileText,
  lines: readonly HunkLine[],
  placement: Placement,
): Mapped | null {
  return indentMap(
    pairsOf(file, lines, placement).map(([own, files]) => [indentOf(own), indentOf(files)] as const),
  );
}

/**
 * The rule by which new lines take the file's indentation and white space. `mapped` comes from the lines that are the
 * same. Trailing blanks go where the file has none, or where the answer shows some that the file has not.
 */
export function adaptation(
  file: FileText,
  lines: readonly HunkLine[],
  placement: Placement,
  mapped: Mapped,
  context: { label: string; markdown: boolean; polluted: boolean },
): { adapt: Adapt; repairs: Repair[] } | { refusal: string } {
  const repairs: Repair[] = [];
  const added = lines.filter((line) => line.op === '+' && !isBlank(line.text));
  const strip = (!file.trailingBlanks && !context.markdown) || context.polluted;
  let { map, how } = mapped;
  if (foreign(file, added) && !added.every((line) => isOfFile(file, map(indentOf(line.text))))) {
    // Moved by the same, all from the left edge: the new lines' own steps are still of the other kind.
    const base = map('');
    const fromEdge = pairsOf(file, lines, placement).every(([own]) => indentOf(own) === '');
    const found =
      how === null || fromEdge
        ? foreignIndent(
            added.map((line) => indentOf(line.text)),
            how === null ? indentOf(lineAbove(file, placement)) : '',
            file.indents as 'tabs' | 'spaces',
            stepOf(file),
          )
        : null;
    if (found === null || base === null)
      return {
        refusal: `${context.label}: its new lines are indented with ${file.indents === 'tabs' ? 'spaces' : 'tabs'}, the file with ${file.indents}; indent them as the file is`,
      };
    how = how === null ? found.how : `${how} and ${found.how}`;
    map = (indent) => {
      const step = found.map(indent);
      return step === null ? null : base + step;
    };
  }
  if (how !== null && added.length > 0)
    repairs.push({ fault: 'indentation', text: `${how} (${context.label})` });
  if (strip && lines.some((line) => line.op === '+' && /[ \t]$/.test(bare(line.text))))
    repairs.push({ fault: 'trailing-blanks', text: `took trailing blanks off new lines (${context.label})` });
  return {
    repairs,
    adapt: (given) => {
      let text = bare(given);
      if (isBlank(text)) return strip ? '' : text;
      if (strip) text = text.trimEnd();
      const indent = indentOf(text);
      const now = map(indent);
      return now === null ? null : now + text.slice(indent.length);
    },
  };
}

function bare(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

/** All of the new lines' indentation is of the kind that the file does not use. */
function foreign(file: FileText, added: readonly HunkLine[]): boolean {
  if (file.indents !== 'tabs' && file.indents !== 'spaces') return false;
  const indents = added
    .map((line) => indentOf(line.text))
    .filter((indent) => indent.length > (file.indents === 'tabs' ? 1 : 0));
  if (indents.length === 0) return false;
  return file.indents === 'tabs'
    ? indents.every((indent) => !indent.includes('\t'))
    : indents.every((indent) => !indent.includes(' '));
}

/** An indentation of the kind that the file has; a space or two behind tabs align. */
function isOfFile(file: FileText, indent: string | null): boolean {
  if (indent === null) return false;
  return file.indents === 'tabs' ? !indent.includes('  ') : !indent.includes('\t');
}

function lineAbove(file: FileText, placement: Placement): string {
  return file.lines[placement.first]?.text ?? '';
}

/** How many spaces deeper the file's blocks are than what holds them: the commonest step; null where none is common. */
function stepOf(file: FileText): number | null {
  const steps = new Map<number, number>();
  let before = 0;
  for (const { text, blank } of file.lines) {
    if (blank) continue;
    const depth = indentOf(text).length;
    if (depth > before) steps.set(depth - before, (steps.get(depth - before) ?? 0) + 1);
    before = depth;
  }
  const [best, second] = [...steps].sort((a, b) => b[1] - a[1]);
  if (best === undefined || best[0] > 8) return null;
  return second !== undefined && second[1] * 2 > best[1] ? null : best[0];
}
