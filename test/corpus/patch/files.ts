import type { Random } from './random.ts';

export type Language = 'js' | 'py' | 'go' | 'yaml';

/** A made-up source file, in lines. `plain` lines are statements of one line that may change or go without breaking the syntax. */
export interface Source {
  path: string;
  language: Language;
  lines: string[];
  plain: number[];
  /** One step of indentation. */
  step: string;
  eol: '\n' | '\r\n';
  ended: boolean;
  bom: boolean;
}

const NAMES: Record<Language, string> = {
  js: 'src/app.js',
  py: 'pkg/tool.py',
  go: 'cmd/main.go',
  yaml: 'conf/site.yaml',
};
const WORDS = ['order', 'user', 'total', 'naïve', 'cart', 'price', 'größe', 'item'];

/** A file of functions that resemble each other: equal bodies, twins that differ in a letter, runs of closing lines. */
export function makeFile(random: Random, language: Language, path = NAMES[language]): Source {
  const step =
    language === 'go'
      ? '\t'
      : language === 'js'
        ? random.pick(['  ', '    ', '\t'])
        : language === 'py'
          ? '    '
          : '  ';
  const lines: string[] = [];
  const plain: number[] = [];
  const put = (text: string, isPlain = false): void => {
    if (isPlain) plain.push(lines.length);
    lines.push(text);
  };
  if (language === 'go') {
    put('package main');
    put('');
  }
  const blocks = 2 + random.below(8);
  const twin = random.below(1000);
  for (let i = 0; i < blocks; i++)
    block(random, language, step, random.chance(0.35) ? `${twin}` : `${random.below(1000)}`, i, put);
  while (lines.at(-1) === '') lines.pop();
  return {
    path,
    language,
    lines,
    plain: plain.filter((at) => at < lines.length),
    step,
    eol: random.chance(0.15) ? '\r\n' : '\n',
    ended: !random.chance(0.15),
    bom: language !== 'go' && random.chance(0.05),
  };
}

type Put = (text: string, plain?: boolean) => void;

function block(random: Random, language: Language, step: string, id: string, number: number, put: Put): void {
  const statements = 2 + random.below(6);
  put(headOf(language, id, number));
  for (let i = 0; i < statements; i++) {
    const kind = random.below(8);
    if (kind === 0) put('');
    else if (kind <= 2 && language !== 'yaml') {
      put(step + { js: 'if (x === null) {', py: 'if x is None:', go: 'if x == 0 {' }[language]);
      put(step + step + { js: 'return null;', py: 'return None', go: 'return 0' }[language]);
      if (language !== 'py') put(`${step}}`);
    } else put(step + statement(random, language, i), true);
  }
  put(step + { js: 'return x;', py: 'return x', go: 'return x', yaml: `last${number}: end` }[language]);
  if (language === 'js' || language === 'go') put('}');
  put('');
  if (language === 'py') put('');
}

function headOf(language: Language, id: string, number: number): string {
  const name = `handle${id}x${number}`;
  return {
    js: `function ${name}(x) {`,
    py: `def ${name}(x):`,
    go: `func ${name}(x int) int {`,
    yaml: `${name}:`,
  }[language];
}

export function statement(random: Random, language: Language, i: number): string {
  const [word, n] = [random.pick(WORDS), random.below(4)];
  return {
    js: `x.${'set'}('${word}', compute(x, ${n})); // ${i % 2}`,
    py: `x["${word}"] = compute(x, ${n})`,
    go: `x += compute("${word}", ${n})`,
    yaml: `key${i}: "${word} ${n}"`,
  }[language];
}

export function textOf(source: Source, lines: readonly string[] = source.lines): string {
  if (lines.length === 0) return '';
  return (source.bom ? '\ufeff' : '') + lines.join(source.eol) + (source.ended ? source.eol : '');
}
