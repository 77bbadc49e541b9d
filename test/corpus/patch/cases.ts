import { BLOCK_FAULTS, blocksOf, renderBlocks, type Block } from './blocks.ts';
import { DIFF_FAULTS, renderDiff, sectionOf, type Section, type Told } from './diffs.ts';
import { changed, makeChanges, otherStatement, placesOf, type Change } from './edits.ts';
import { makeFile, textOf, type Language, type Source } from './files.ts';
import { random as randomOf, type Random } from './random.ts';
import { eslintOf, JSON_FAULTS, jsonOfBlocks, ruffOf, sarifOf } from './values.ts';

type CaseForm = 'diff' | 'search/replace' | 'whole file' | 'JSON' | 'tool';

/** A tree, an answer, and what becomes of the tree: `after` holds the files that are then there. */
export interface Case {
  number: number;
  form: CaseForm;
  faults: string[];
  before: Map<string, string>;
  after: Map<string, string>;
  answer: string;
  expect: 'apply' | 'noop' | 'refuse';
  /** The answer tells what is meant; where it does not, refusing is right and only another file is wrong. */
  recoverable: boolean;
}

interface Edited {
  source: Source;
  changes: Change[];
  after: string[];
}

/** Case `number` of a seed; null where the answer, broken as it is, is a clean one for something else. */
export function makeCase(seed: number, number: number): Case | null {
  const random = randomOf(Math.imul(seed, 1_000_003) + number);
  const edited = someFiles(random);
  if (edited.length === 0) return null;
  const before = new Map(edited.map(({ source }) => [source.path, textOf(source)]));
  const after = new Map(edited.map(({ source, after: lines }) => [source.path, textOf(source, lines)]));
  const made = { number, faults: [] as string[], before, after, expect: 'apply' as const, recoverable: true };
  const kind = random.below(100);
  if (kind < 8) return refusal(random, made, edited);
  const form = random.pick<CaseForm>([
    'diff',
    'diff',
    'diff',
    'search/replace',
    'search/replace',
    'whole file',
    'JSON',
    'tool',
  ]);
  const answered = answerIn(random, form, edited, made);
  if (answered === null) return null;
  const told = answered.told;
  if (kind < 14 && form !== 'tool' && told === 'fine') {
    // The change is there already; unless it now also fits another place, letter by letter, and asks for that one.
    if (fitsElsewhere(edited)) return null;
    return { ...made, form, answer: answered.answer, before: new Map(made.after), expect: 'noop' };
  }
  return { ...made, form, answer: answered.answer, recoverable: told === 'fine' };
}

function fitsElsewhere(edited: readonly Edited[]): boolean {
  return edited.some(({ source, changes, after }) =>
    blocksOf(source, changes).some(
      ({ search, replace }) => placesOf(replace, search).length === 0 && placesOf(after, search).length > 0,
    ),
  );
}

function someFiles(random: Random): Edited[] {
  const languages: Language[] = ['js', 'py', 'go', 'yaml'];
  const first = random.below(4);
  const count = random.chance(0.2) ? 2 : 1;
  return Array.from({ length: count }, (_, i) => makeFile(random, languages[(first + i) % 4]!))
    .map((source) => {
      const changes = makeChanges(random, source);
      return { source, changes, after: changed(source.lines, changes) };
    })
    .filter(({ changes }) => changes.length > 0);
}

type Made = Omit<Case, 'form' | 'answer'>;

function answerIn(
  random: Random,
  form: CaseForm,
  edited: readonly Edited[],
  made: Made,
): { answer: string; told: Told } | null {
  const count = random.pick([0, 1, 1, 1, 2, 2]);
  const result =
    form === 'diff'
      ? diffAnswer(random, edited, made, count)
      : form === 'search/replace'
        ? blockAnswer(random, edited, made, count)
        : form === 'whole file'
          ? wholeAnswer(random, edited)
          : form === 'JSON'
            ? jsonAnswer(random, edited, made, count)
            : toolAnswer(random, edited, made);
  if (result === null || result.told === 'left-out') return null;
  return form === 'tool' ? result : { ...result, answer: around(random, result.answer, made, form) };
}

/** Faults of the whole text: line ends, prose and fences. */
function around(random: Random, answer: string, made: Made, form: CaseForm): string {
  let text = answer;
  if (random.chance(0.3) && form !== 'whole file') {
    const info = form === 'diff' ? 'diff' : form === 'JSON' ? 'json' : '';
    text = `Sure, this is the change.\n\n\`\`\`${info}\n${text}${text.endsWith('\n') ? '' : '\n'}\`\`\`\n\nIt keeps everything else as it was.\n`;
    made.faults.push('prose and a fence');
  }
  if (random.chance(0.12) && form !== 'JSON') {
    text = text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
    made.faults.push('CR LF');
  }
  return text;
}

function several<F extends { name: string }>(random: Random, faults: readonly F[], count: number): F[] {
  const chosen: F[] = [];
  for (let i = 0; i < count; i++) {
    const fault = random.pick(faults);
    const family = (name: string): string => name.split(' ')[0]!;
    if (!chosen.some((one) => family(one.name) === family(fault.name))) chosen.push(fault);
  }
  // In the order of their list: what takes the marks of lines away comes last.
  return faults.filter((fault) => chosen.includes(fault));
}

function worst(told: readonly Told[]): Told {
  return told.includes('left-out') ? 'left-out' : told.includes('open') ? 'open' : 'fine';
}

function diffAnswer(
  random: Random,
  edited: readonly Edited[],
  made: Made,
  count: number,
): { answer: string; told: Told } {
  const context = random.pick([3, 3, 3, 1]);
  const lf = (source: Source, lines?: readonly string[]): string =>
    textOf({ ...source, eol: '\n', bom: false }, lines);
  const sections: Section[] = edited.map(({ source, after }) =>
    sectionOf(source.path, lf(source), lf(source, after), context),
  );
  const extra = random.below(12);
  if (extra === 0) {
    const fresh = makeFile(random, 'py', 'pkg/fresh.py');
    made.after.set(fresh.path, lf(fresh));
    sections.push(sectionOf(fresh.path, null, lf(fresh), 3));
    made.faults.push('a new file');
  } else if (extra <= 2) {
    const other = makeFile(random, 'go', 'cmd/other.go');
    const text = lf(other);
    made.before.set(other.path, text);
    if (extra === 1) sections.push(sectionOf(other.path, text, null, 3));
    else {
      made.after.set('cmd/renamed.go', text);
      sections.push(sectionOf('cmd/renamed.go', text, text, 3, other.path));
    }
    made.faults.push(extra === 1 ? 'a deleted file' : 'a renamed file');
  }
  const plain = sections.filter(
    (section) => section.old !== '/dev/null' && section.now !== '/dev/null' && section.hunks.length > 0,
  );
  const told: Told[] = [];
  for (const fault of several(random, DIFF_FAULTS, count)) {
    made.faults.push(fault.name);
    for (const section of plain) told.push(fault.apply(section, random));
  }
  // A hunk of new lines alone says nothing of where it goes but its number.
  if (plain.some((section) => section.hunks.some((hunk) => hunk.lines.every((line) => /^[+\\]/.test(line)))))
    told.push('open');
  return { answer: renderDiff(sections), told: worst(told) };
}

function blockAnswer(
  random: Random,
  edited: readonly Edited[],
  made: Made,
  count: number,
): { answer: string; told: Told } {
  const blocks = edited.flatMap(({ source, changes }) => blocksOf(source, changes));
  const told: Told[] = [];
  for (const fault of several(random, BLOCK_FAULTS, count)) {
    made.faults.push(fault.name);
    told.push(fault.apply(blocks, random));
  }
  const mark = random.pick<(path: string) => string>([
    (path) => path,
    (path) => `**${path}**`,
    (path) => `### \`${path}\``,
    (path) => `File: ${path}`,
  ]);
  return { answer: renderBlocks(blocks, mark), told: worst(told) };
}

function wholeAnswer(random: Random, edited: readonly Edited[]): { answer: string; told: Told } {
  const mark = random.pick<(path: string) => string>([
    (path) => `${path}\n\`\`\`\n`,
    (path) => `Here is \`${path}\`:\n\n\`\`\`\n`,
    (path) => `\`\`\`text ${path}\n`,
    (path) => `**${path}**\n\`\`\`\n`,
  ]);
  return {
    answer: edited.map(({ source, after }) => `${mark(source.path)}${after.join('\n')}\n\`\`\`\n`).join('\n'),
    told: 'fine',
  };
}

function jsonAnswer(
  random: Random,
  edited: readonly Edited[],
  made: Made,
  count: number,
): { answer: string; told: Told } {
  const blocks: Block[] = edited.flatMap(({ source, changes }) => blocksOf(source, changes));
  const ended = random.chance(0.5);
  let json = jsonOfBlocks(blocks, ended);
  // Without a line end behind it, a blank last line cannot be told from one.
  const told: Told[] = [
    !ended && blocks.some((block) => block.search.at(-1)?.trim() === '') ? 'open' : 'fine',
  ];
  for (const fault of several(random, JSON_FAULTS, Math.min(count, 1))) {
    made.faults.push(fault.name);
    const broken = fault.apply(json, random);
    json = broken.json;
    told.push(broken.told);
  }
  return { answer: json, told: worst(told) };
}

function toolAnswer(
  random: Random,
  edited: readonly Edited[],
  made: Made,
): { answer: string; told: Told } | null {
  const [{ source, changes, after } = { source: null, changes: [], after: [] }] = edited;
  if (source === null || edited.length > 1) return null;
  // Whole lines are given with their ends, which a last line may not have.
  if (changes.some(({ at, remove }) => at + remove >= source.lines.length)) return null;
  void after;
  const tool = random.pick([ruffOf, eslintOf, sarifOf]);
  made.faults.push(tool.name.replace('Of', ''));
  return { answer: tool(source, changes), told: 'fine' };
}

const OUTSIDE = ['../outside.py', '/etc/passwd', '.git/config', 'src/../../x.js', '.GIT/hooks/post-checkout'];

/** Answers that only a refusal is right for. */
function refusal(random: Random, made: Made, edited: readonly Edited[]): Case | null {
  const { source, changes } = edited[0]!;
  const refuse = (name: string, form: CaseForm, answer: string, before = made.before): Case => ({
    ...made,
    form,
    faults: [name],
    answer,
    before,
    expect: 'refuse',
    recoverable: false,
  });
  const blocks = blocksOf(source, changes);
  const [block] = blocks;
  const kind = random.below(6);
  if (kind === 0) {
    // The line to be changed is another one by now, and so is its twin.
    const target = changes.find((change) => change.remove > 0);
    if (target === undefined) return null;
    const removed = source.lines[target.at]!;
    const lines = source.lines.map((line) => (line === removed ? otherStatement(random, source) : line));
    const before = new Map(made.before).set(source.path, textOf(source, lines));
    const stale = blocksOf(source, [target]);
    return random.chance(0.5)
      ? refuse('stale', 'search/replace', renderBlocks(stale), before)
      : refuse(
          'stale',
          'diff',
          renderDiff([
            sectionOf(source.path, source.lines.join('\n'), changed(source.lines, [target]).join('\n'), 3),
          ]),
          before,
        );
  }
  if (kind === 1) {
    const at = source.plain.find((line) => placesOf(source.lines, [source.lines[line]!]).length > 1);
    if (at === undefined) return null;
    const line = source.lines[at]!;
    return refuse(
      'several places',
      'search/replace',
      renderBlocks([
        {
          path: source.path,
          search: [line],
          replace: [`${line} `.trimEnd(), `${/^\s*/.exec(line)![0]}more()`],
          file: source.lines,
        },
      ]),
    );
  }
  if (kind === 2)
    return refuse(
      'path outside',
      'search/replace',
      renderBlocks([{ ...block!, path: random.pick(OUTSIDE) }]),
    );
  if (kind === 3) {
    const path = random.pick(OUTSIDE.filter((name) => !name.startsWith('/')));
    return refuse('path outside', 'diff', `--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+x\n`);
  }
  if (kind === 4) {
    const other = {
      ...block!,
      replace: block!.search.map((line, i) => (i === 0 ? `${line} again` : `${line} 2`)),
    };
    return refuse(
      'conflict',
      'search/replace',
      renderBlocks([{ ...block!, replace: block!.search.map((line) => `${line} 1`) }, other]),
    );
  }
  const text = renderBlocks(blocks);
  return refuse('cut off', 'search/replace', text.slice(0, text.lastIndexOf('>>>>>>>') - 1));
}
