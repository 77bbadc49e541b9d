import { printParseErrorCode, visit, type ParseError } from 'jsonc-parser';
import { parse as parseToml, TomlError } from 'smol-toml';
import {
  isMap,
  isPair,
  isCollection,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type Node as YamlNode,
} from 'yaml';
import { lineAt } from '../syntax.ts';
import type { Examined, Fault } from './tree-faults.ts';

/** JSON; with `comments` also comments and commas before `]` and `}`. What is nested too deep is `unknown`. */
export function examineJson(text: string, comments: boolean): Examined {
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    JSON.parse(bare);
    return 'parses';
  } catch {
    return bounded(() => jsonFault(bare, comments) ?? (comments ? 'parses' : 'unknown'));
  }
}

function jsonFault(text: string, comments: boolean): Fault | null {
  let first: { code: ParseError['error']; offset: number } | null = null;
  const onError = (code: ParseError['error'], offset: number): void => {
    first ??= { code, offset };
  };
  visit(text, { onError }, { disallowComments: !comments, allowTrailingComma: comments });
  const found = first as { code: ParseError['error']; offset: number } | null;
  if (found === null) return null;
  // `CommaExpected`: comma expected
  const words = printParseErrorCode(found.code).replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`);
  return { line: lineAt(text, found.offset), message: words.toLowerCase() };
}

/** All documents of a YAML file. Aliases are not followed, so none can grow; a key twice in a map is a fault. */
export function examineYaml(text: string): Examined {
  return bounded(() => {
    const lines = new LineCounter();
    // its own search for keys that are there twice takes quadratic time
    const options = {
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    } as const;
    for (const document of parseAllDocuments(text, options)) {
      const error = document.errors[0];
      if (error !== undefined)
        return {
          line: lines.linePos(error.pos[0]).line,
          message: error.message.split('\n', 1)[0]!.slice(0, 200),
        };
      const twice = keyTwice(document.contents);
      if (twice !== null)
        return {
          line: lines.linePos(twice.at).line,
          message: `the key \`${twice.key.slice(0, 60)}\` is there twice`,
        };
    }
    return 'parses';
  });
}

function keyTwice(root: YamlNode | null): { key: string; at: number } | null {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const node = left.pop();
    if (isPair(node)) left.push(node.key, node.value);
    if (!isCollection(node)) continue;
    left.push(...node.items.toReversed());
    if (!isMap(node)) continue;
    const keys = new Set<unknown>();
    for (const { key } of node.items) {
      if (!isScalar(key) || key.value === '<<') continue;
      if (keys.has(key.value)) return { key: String(key.value), at: key.range?.[0] ?? 0 };
      keys.add(key.value);
    }
  }
  return null;
}

export function examineToml(text: string): Examined {
  return bounded(() => {
    try {
      parseToml(text);
      return 'parses';
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const message = error.message.split('\n', 1)[0]!.replace('Invalid TOML document: ', '');
      return message.includes('excessively nested') ? 'unknown' : { line: error.line, message };
    }
  });
}

/** These parsers are JavaScript that recurses: what is nested too deep ends in an error that can be caught. */
function bounded(parse: () => Examined): Examined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) return 'unknown';
    throw error;
  }
}
