import type { FileIntent } from '../intent.ts';
import { answerLines, fencesIn, type Fence } from './fences.ts';
import { namesOfFence, namesOfLine } from './names.ts';
import { elementsIn, sectionsIn } from './whole-marks.ts';

const MAX_FILES = 500;
const SHELL =
  /^(?:bash|sh|shell|zsh|fish|console|terminal|shell-?session|powershell|pwsh|ps1|cmd|bat|batch|dos)$/i;
const SHELL_FILE = /(?:\.(?:sh|bash|zsh|fish|ps1|cmd|bat|env|command|tool)|(?:^|\/)[^./]+|(?:^|\/)\.[^/]+)$/i;
const DIFF = /^(?:diff|patch|udiff)$/i;
/** Languages of what a program is given or says; beside a sentence about code such a block is no version of it. */
const DATA = /^(?:json|yaml|yml|sql|http|text|txt|plain|plaintext|output|log|csv|xml)$/i;
const CODE_FILE =
  /\.(?:[cm]?[jt]sx?|vue|svelte|py|rb|go|rs|java|kts?|php|cs|c|cc|cpp|h|hpp|swift|ex|exs|scala|dart|lua)$/i;
const COMMENT = /^\s*(?:\/\/|\/\*|#(?!!)|<!--|--\s|;|%|\{\/\*)/;
/** The block shows what was there. */
const BEFORE = /^[\s#>*_-]*(?:before|old|original|current|currently|existing)\b/i;

interface Block {
  start: number;
  names: string[];
  text: string;
  cut: boolean;
  before: boolean;
}

/** A fence's names; `several` are the files that a sentence above it names, of which any could be meant. */
interface Named {
  names: string[];
  several: string[];
}

/**
 * Files that an answer gives whole: fences with a file's name (in the info string, above, in a comment on the first
 * line), `<file path="…">` elements, sections between `=== name ===` lines. Fences without a name are illustrations,
 * unless there is nothing else. `problems`: what may be a file but cannot be read as one.
 */
export function readWhole(answer: string): { files: FileIntent[]; problems: string[]; found: boolean } {
  const lines = answerLines(answer);
  const problems: string[] = [];
  const fences = fencesIn(lines);
  const named = new Map(fences.map((fence) => [fence, namesFor(fence)]));
  const isNamed = (fence: Fence): boolean => named.get(fence)!.names.length > 0;
  const elements = elementsIn(lines, fences.filter(isNamed));
  problems.push(...elements.problems);
  const blocks: Block[] = elements.blocks.map((block) => ({ ...block, before: false }));
  const rest = fencesBeside(fences, elements.blocks);
  for (const [i, fence] of rest.entries()) {
    const { names, several } = named.get(fence)!;
    if (several.length > 0)
      problems.push(
        `the block on line ${fence.start + 1} may be ${several.join(' or ')}; put the path of the one that it is right above it`,
      );
    if (names.length === 0) continue;
    const doubt = doubtIn(fence, names[0]!, rest[i + 1], (next) => isNamed(next));
    if (doubt !== null) problems.push(doubt);
    blocks.push(blockOf(fence, names));
  }
  if (blocks.length === 0 && problems.length === 0) {
    const sections = sectionsIn(lines, fences);
    problems.push(...sections.problems);
    blocks.push(...sections.blocks.map((block) => ({ ...block, before: false })));
  }
  const last = rest.at(-1);
  if (blocks.length > 0 && last !== undefined && !last.closed && !isNamed(last))
    problems.push(`the answer ends within the block that starts on line ${last.start + 1}; it was cut off`);
  if (blocks.length === 0 && problems.length === 0) blocks.push(...unnamed(rest));
  if (blocks.length > MAX_FILES) problems.push(`more than ${MAX_FILES} files`);
  blocks.sort((a, b) => a.start - b.start);
  const files = blocks
    .filter((block, i) => !(block.before && givenLater(blocks, i)))
    .slice(0, MAX_FILES)
    .map(intentOf);
  return { files, problems, found: files.length > 0 || problems.length > 0 };
}

/** Fences that hold no element and are in none; both lists are in order. */
function fencesBeside(
  fences: readonly Fence[],
  elements: readonly { start: number; end: number }[],
): Fence[] {
  let next = 0;
  return fences.filter((fence) => {
    while (next < elements.length && elements[next]!.end < fence.start) next++;
    return next === elements.length || elements[next]!.start > fence.end;
  });
}

function intentOf({ names, text, cut }: Block, i: number): FileIntent {
  return { label: `file ${i + 1}`, repairs: [], action: 'whole', paths: names, text, literal: false, cut };
}

function blockOf(fence: Fence, names: string[]): Block {
  const { start, lines, closed, above } = fence;
  const before = above[0] !== undefined && BEFORE.test(above[0]);
  return { start, names, text: lines.length === 0 ? '' : `${lines.join('\n')}\n`, cut: !closed, before };
}

function givenLater(blocks: readonly Block[], at: number): boolean {
  const [name] = blocks[at]!.names;
  return blocks.slice(at + 1, at + 20).some((block) => block.names[0] === name && !block.before);
}

/** The fence without a name that is the whole answer, or several, which then are refused for want of a name. */
function unnamed(fences: readonly Fence[]): Block[] {
  const usable = fences.filter((fence) => !SHELL.test(languageOf(fence)) && !DIFF.test(languageOf(fence)));
  return usable.slice(0, 2).map((fence) => blockOf(fence, []));
}

function languageOf(fence: Fence): string {
  return /^[\w+#-]*/.exec(fence.info.replace(/^\{\s?\.?/, ''))![0];
}

function namesFor(fence: Fence): Named {
  const none: Named = { names: [], several: [] };
  const language = languageOf(fence);
  // Lines of a file that the answer points at, as `12:20:src/a.js`.
  if (DIFF.test(language) || /^\d+:\d+:/.test(fence.info)) return none;
  const inInfo = namesOfFence(fence.info);
  const lines = fence.above.map(namesOfLine);
  const above = lines.find((line) => line.direct)?.names ?? [];
  const comment = firstComment(fence);
  const sentence = lines.find((line) => line.names.length > 0 && !line.direct)?.names ?? [];
  const sources = [inInfo, above, comment, sentence].filter((names) => names.length > 0);
  const [chosen] = sources;
  if (chosen === undefined) return none;
  if (SHELL.test(language) && !chosen.some((name) => SHELL_FILE.test(name))) return none;
  if (chosen === sentence) {
    if (DATA.test(language) && sentence.every((name) => CODE_FILE.test(name))) return none;
    if (sentence.length > 1) return SHELL.test(language) ? none : { names: [], several: sentence };
  }
  // The same name with folders, said elsewhere, helps to find it.
  const base = baseOf(chosen[0]!);
  const more = sources
    .slice(1)
    .flat()
    .filter((name) => baseOf(name) === base);
  return { names: [...new Set([...chosen, ...more])], several: [] };
}

function baseOf(name: string): string {
  return name.split(/[/\\]/).at(-1)!;
}

/** The name in a comment, or alone, on the first line; anything else on the line makes it a remark. */
function firstComment(fence: Fence): string[] {
  const line = (fence.lines.find((one) => one.trim() !== '') ?? '').trim();
  if (line.length > 500) return [];
  const { names, direct } = namesOfLine(line);
  const [name] = names;
  if (!direct || name === undefined) return [];
  const rest = line.slice(line.lastIndexOf(name) + name.length);
  return (COMMENT.test(line) || line === name) && /^[^\p{L}\p{N}_]*$/u.test(rest) ? names : [];
}

/** A fence that holds the marks of another one may have ended too early or too late. */
function doubtIn(
  fence: Fence,
  name: string,
  next: Fence | undefined,
  isNamed: (fence: Fence) => boolean,
): string | null {
  const markdown = /\.(?:md|mdx|markdown)$/i.test(name) || /^(?:md|mdx|markdown)$/i.test(languageOf(fence));
  const send = 'put a longer fence (````) around it';
  if (markdown)
    return next !== undefined && next.info === '' && !isNamed(next)
      ? `it cannot be told where ${name} ends, as it holds fences itself; ${send}`
      : null;
  return fence.lines.some(opensFence)
    ? `it cannot be told where ${name} ends: there is another fence within its own; close the first, or ${send}`
    : null;
}

function opensFence(line: string): boolean {
  return /^ {0,3}(?:`{3,}[ \t]*[\w{][^`]*|~{3,}[ \t]*[\w{].*)$/.test(line);
}
