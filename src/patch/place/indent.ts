/** Turns the leading white space of an answer's line into that of the file; null where that cannot be told. */
type IndentMap = (indent: string) => string | null;

export interface Mapped {
  map: IndentMap;
  /** "re-indented by 4", "re-indented with tabs"; null where both sides are the same. */
  how: string | null;
}

/**
 * The one way in which the indentation of an answer's lines becomes that of the file's, from lines that are the same
 * on both sides: `pairs` of [the answer's, the file's]. Null where there is no one way, so the lines are not the same.
 */
export function indentMap(pairs: readonly (readonly [string, string])[]): Mapped | null {
  const known = new Map<string, string>();
  for (const [own, files] of pairs) {
    const before = known.get(own);
    if (before !== undefined && before !== files) return null;
    known.set(own, files);
  }
  const distinct = [...known];
  if (distinct.every(([own, files]) => own === files)) return { map: (indent) => indent, how: null };
  const found = shifted(distinct) ?? scaled(distinct);
  if (found === null) return null;
  return { how: found.how, map: (indent) => known.get(indent) ?? found.map(indent) };
}

/** All of it moved by the same white space. */
function shifted(pairs: readonly (readonly [string, string])[]): Mapped | null {
  const [own, files] = pairs[0]!;
  if (files.endsWith(own)) {
    const more = files.slice(0, files.length - own.length);
    if (pairs.every(([a, b]) => b === more + a))
      return { map: (indent) => more + indent, how: `re-indented by ${more.length}` };
  }
  if (own.endsWith(files)) {
    const less = own.slice(0, own.length - files.length);
    if (pairs.every(([a, b]) => a === less + b))
      return {
        map: (indent) => (indent.startsWith(less) ? indent.slice(less.length) : null),
        how: `re-indented by -${less.length}`,
      };
  }
  return null;
}

type Kind = 'tabs' | 'spaces' | 'none' | 'mixed';

function kindOf(indent: string): Kind {
  if (indent === '') return 'none';
  if (!indent.includes(' ')) return 'tabs';
  return indent.includes('\t') ? 'mixed' : 'spaces';
}

/** Widths that people give a tab. */
const TABS = [2, 4, 8] as const;

/** Tabs for spaces or spaces for tabs: widths are the same, or all moved by the same, for some width of a tab. */
function scaled(pairs: readonly (readonly [string, string])[]): Mapped | null {
  const tabsInFile = pairs.some(([, files]) => files.includes('\t'));
  if (!tabsInFile && !pairs.some(([own]) => own.includes('\t'))) return rescaled(pairs);
  const fits: { tab: number; shift: number }[] = [];
  for (const tab of TABS) {
    const shift = widthOf(pairs[0]![1], tab) - widthOf(pairs[0]![0], tab);
    if (pairs.every(([own, files]) => widthOf(own, tab) + shift === widthOf(files, tab)))
      fits.push({ tab, shift });
  }
  const still = fits.filter((fit) => fit.shift === 0);
  const usable = still.length > 0 ? still : fits;
  if (usable.length === 0) return null;
  // Spaces behind tabs are for files that have them.
  const aligned = pairs.some(([, files]) => files.includes(' '));
  return {
    how: `re-indented with ${tabsInFile ? 'tabs' : 'spaces'}`,
    map: (indent) => {
      const made = new Set(
        usable.map(({ tab, shift }) =>
          render(widthOf(indent, tab) + shift, tabsInFile ? tab : null, aligned),
        ),
      );
      const [only = null] = made;
      return made.size === 1 ? only : null;
    },
  };
}

function widthOf(indent: string, tab: number): number {
  let width = 0;
  for (const char of indent) width += char === '\t' ? tab : 1;
  return width;
}

function render(width: number, tab: number | null, aligned = true): string | null {
  if (width < 0) return null;
  if (tab === null) return ' '.repeat(width);
  if (!aligned && width % tab !== 0) return null;
  return '\t'.repeat(Math.floor(width / tab)) + ' '.repeat(width % tab);
}

/** Spaces on both sides in steps of another width: file = ratio × answer + shift. Two different depths must show it. */
function rescaled(pairs: readonly (readonly [string, string])[]): Mapped | null {
  const points = pairs.map(([a, b]) => [a.length, b.length] as const).sort((a, b) => a[0] - b[0]);
  const [first, last] = [points[0]!, points.at(-1)!];
  if (first[0] === last[0]) return null;
  const ratio = (last[1] - first[1]) / (last[0] - first[0]);
  const shift = first[1] - ratio * first[0];
  if (!Number.isInteger(ratio >= 1 ? ratio : 1 / ratio) || ratio > 4 || ratio < 0.25) return null;
  if (points.some(([a, b]) => ratio * a + shift !== b)) return null;
  return {
    how: `re-indented by ${ratio} times`,
    map: (indent) => {
      const width = ratio * indent.length + shift;
      return indent.includes('\t') || !Number.isInteger(width) ? null : render(width, null);
    },
  };
}

/**
 * For lines that are added to a file of one kind of indentation and are themselves indented with the other kind, with
 * no line beside them that shows how wide a tab is: the step of the file, or of the added lines. Null: cannot be told.
 */
export function foreignIndent(
  added: readonly string[],
  above: string,
  files: 'tabs' | 'spaces',
  fileStep: number | null,
): Mapped | null {
  // The first step deeper than an unindented line is one step of the file.
  let step: number | null = null;
  let before = above;
  for (const indent of added) {
    if (before === '' && indent !== '') {
      step = indent.length;
      break;
    }
    before = indent;
  }
  if (files === 'spaces') {
    if (fileStep === null) return null;
    const tabs = step ?? 1;
    return {
      map: (indent) =>
        (kindOf(indent) === 'tabs' || indent === '') && indent.length % tabs === 0
          ? ' '.repeat((indent.length / tabs) * fileStep)
          : null,
      how: 're-indented with spaces',
    };
  }
  if (step === null || step < 2 || step > 8) return null;
  const width = step;
  return {
    map: (indent) =>
      indent === ''
        ? ''
        : kindOf(indent) === 'spaces'
          ? '\t'.repeat(Math.floor(indent.length / width)) + ' '.repeat(indent.length % width)
          : null,
    how: 're-indented with tabs',
  };
}
