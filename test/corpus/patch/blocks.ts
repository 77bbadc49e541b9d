import { placesOf, type Change } from './edits.ts';
import { swapIndent, type Told } from './diffs.ts';
import type { Source } from './files.ts';
import type { Random } from './random.ts';

/** One search/replace block, as lines. */
export interface Block {
  path: string;
  search: string[];
  replace: string[];
  /** The lines of the file. */
  file: readonly string[];
}

/** Blocks for the changes of a file, each with as many lines around it as make its search unique. */
export function blocksOf(source: Source, changes: readonly Change[]): Block[] {
  const { lines, path } = source;
  return changes.map(({ at, remove, insert }) => {
    let [from, to] = [Math.max(0, at - 1), Math.min(lines.length, at + remove + 1)];
    while (placesOf(lines, lines.slice(from, to)).length > 1 && (from > 0 || to < lines.length)) {
      from = Math.max(0, from - 1);
      to = Math.min(lines.length, to + 1);
    }
    return {
      path,
      search: lines.slice(from, to),
      replace: [...lines.slice(from, at), ...insert, ...lines.slice(at + remove, to)],
      file: lines,
    };
  });
}

export function renderBlocks(blocks: readonly Block[], mark = (path: string): string => path): string {
  return blocks
    .map(({ path, search, replace }) =>
      [mark(path), '<<<<<<< SEARCH', ...search, '=======', ...replace, '>>>>>>> REPLACE', '']
        .filter((line, i) => i > 0 || line !== '')
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('\n');
}

export interface BlockFault {
  name: string;
  apply(blocks: Block[], random: Random): Told;
}

const loose = (line: string): string => line.trim();

function unique(blocks: readonly Block[]): Told {
  return blocks.every((block) => placesOf(block.file, block.search, loose, true).length === 1)
    ? 'fine'
    : 'open';
}

/** A search that is now letter by letter what stands elsewhere asks for that place. */
function elsewhere(blocks: readonly Block[]): boolean {
  return blocks.some((block) => placesOf(block.file, block.search).length > 0);
}

function each(blocks: Block[], by: (lines: string[]) => string[]): void {
  for (const block of blocks) [block.search, block.replace] = [by(block.search), by(block.replace)];
}

export const BLOCK_FAULTS: readonly BlockFault[] = [
  {
    name: 'tabs and spaces swapped',
    apply(blocks) {
      const told = unique(blocks);
      each(blocks, (lines) => lines.map(swapIndent));
      return told;
    },
  },
  {
    name: 'dedented',
    apply(blocks) {
      const told = unique(blocks);
      for (const block of blocks) {
        const all = [...block.search, ...block.replace].filter((line) => line.trim() !== '');
        const least = Math.min(...all.map((line) => /^\s*/.exec(line)![0].length));
        const by = (line: string): string => (line.trim() === '' ? line : line.slice(least));
        if (least === 0) continue;
        [block.search, block.replace] = [block.search.map(by), block.replace.map(by)];
        if (elsewhere([block])) return 'left-out';
      }
      return told;
    },
  },
  {
    name: 'indented',
    apply(blocks) {
      const told = unique(blocks);
      for (const block of blocks) {
        const step = block.file.some((line) => line.startsWith('\t')) ? '\t' : '    ';
        const by = (line: string): string => (line === '' ? line : step + line);
        [block.search, block.replace] = [block.search.map(by), block.replace.map(by)];
        if (elsewhere([block])) return 'left-out';
      }
      return told;
    },
  },
  {
    name: 'trailing blanks added',
    apply(blocks, random) {
      const told = unique(blocks);
      for (const block of blocks) {
        // The same line is the same in both texts.
        const marked = new Set([...block.search, ...block.replace].filter(() => random.chance(0.5)));
        const by = (line: string): string => (marked.has(line) ? `${line}  ` : line);
        [block.search, block.replace] = [block.search.map(by), block.replace.map(by)];
      }
      return told;
    },
  },
  {
    name: 'blank lines around',
    apply(blocks) {
      const told: Told = blocks.some(({ search }) => search[0]?.trim() === '' || search.at(-1)?.trim() === '')
        ? 'open'
        : unique(blocks);
      each(blocks, (lines) => ['', ...lines, '']);
      return told;
    },
  },
  {
    name: 'numbered lines',
    apply(blocks) {
      for (const block of blocks) {
        const from = (placesOf(block.file, block.search)[0] ?? 0) + 1;
        const by = (line: string, i: number): string => `${String(from + i).padStart(4)}| ${line}`;
        [block.search, block.replace] = [block.search.map(by), block.replace.map(by)];
      }
      return 'fine';
    },
  },
  {
    name: 'elided',
    apply(blocks) {
      let told: Told = 'fine';
      for (const block of blocks) {
        const { search, replace } = block;
        let same = 0;
        while (same < search.length && same < replace.length && search[same] === replace[same]) same++;
        if (same < 5) continue;
        const head = search.slice(0, 1);
        const tail = search.slice(same - 1);
        if (placesOf(block.file, head).length > 1 || placesOf(block.file, tail).length > 1) told = 'open';
        block.search = [...head, '...', ...tail];
        block.replace = [...head, '...', ...replace.slice(same - 1)];
      }
      return told;
    },
  },
];
