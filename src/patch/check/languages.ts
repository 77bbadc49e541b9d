import { basename, extname } from 'node:path';
import { isCode } from '../syntax.ts';

/** What examines a language: a parser of its own, or tree-sitter with a grammar. */
export type Examiner =
  | { by: 'code' | 'json' | 'yaml' | 'toml'; language: string }
  | { by: 'tree-sitter'; language: string; grammar: Grammar };

export interface Grammar {
  name: string;
  /**
   * Only brackets that do not match count as wrong. Of the C headers of a usual system every second one does not parse,
   * since macros can be anything, and of style sheets every tenth, since browsers pass over what they do not know.
   */
  bracketsOnly: boolean;
}

/** Grammar, language, then the endings and the whole names of its files, all in small letters. */
const TREE_SITTER: readonly (readonly [string, string, string, string?])[] = [
  ['python', 'Python', '.py .pyi .pyw'],
  ['go', 'Go', '.go'],
  ['rust', 'Rust', '.rs'],
  ['java', 'Java', '.java'],
  ['cpp', 'C', '.c .h'],
  ['cpp', 'C++', '.cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp'],
  ['c-sharp', 'C#', '.cs'],
  ['ruby', 'Ruby', '.rb .rake .gemspec .ru', 'gemfile rakefile'],
  ['php', 'PHP', '.php .phtml'],
  ['bash', 'Bash', '.sh .bash'],
  ['css', 'CSS', '.css'],
];
const BRACKETS_ONLY = new Set(['cpp', 'css']);

const BY_ENDING = new Map<string, Examiner>();
const BY_NAME = new Map<string, Examiner>();
for (const [name, language, endings, names] of TREE_SITTER) {
  const grammar = { name, bracketsOnly: BRACKETS_ONLY.has(name) };
  const examiner: Examiner = { by: 'tree-sitter', language, grammar };
  for (const ending of endings.split(' ')) BY_ENDING.set(ending, examiner);
  for (const name of names?.split(' ') ?? []) BY_NAME.set(name, examiner);
}
for (const [by, language, endings] of [
  ['json', 'JSON', '.json .jsonc .json5 .webmanifest .geojson .code-workspace'],
  ['yaml', 'YAML', '.yaml .yml'],
  ['toml', 'TOML', '.toml'],
] as const)
  for (const ending of endings.split(' ')) BY_ENDING.set(ending, { by, language });

/** Who can examine a file of that name; null where its language is not known. */
export function examinerOf(path: string): Examiner | null {
  const name = basename(path).toLowerCase();
  const ending = extname(name);
  if (isCode(name)) return { by: 'code', language: /^\.[cm]?ts/.test(ending) ? 'TypeScript' : 'JavaScript' };
  return BY_NAME.get(name) ?? BY_ENDING.get(ending) ?? null;
}

/** Files whose readers take comments and commas before `]` and `}`, though they are named `.json`. */
const WITH_COMMENTS =
  /^(?:[jt]sconfig\b.*|deno|devcontainer|api-extractor|turbo|nx|biome|wrangler|tslint|settings|launch|tasks|extensions|keybindings|\.eslintrc|\.swcrc|\.babelrc|\.oxlintrc|\.oxfmtrc|\.jshintrc)\.json$/;

/** How much more than JSON a `.json` file of that name may hold. */
export function jsonDialect(path: string): 'plain' | 'comments' | 'json5' {
  const name = basename(path).toLowerCase();
  if (name.endsWith('.json5')) return 'json5';
  return /\.(?:jsonc|code-workspace)$/.test(name) || WITH_COMMENTS.test(name) ? 'comments' : 'plain';
}
