import type { Block } from './blocks.ts';
import type { Told } from './diffs.ts';
import type { Change } from './edits.ts';
import { textOf, type Source } from './files.ts';
import type { Random } from './random.ts';

/** Blocks as JSON edits, with or without a line end behind the texts. */
export function jsonOfBlocks(blocks: readonly Block[], ended: boolean): string {
  const text = (lines: readonly string[]): string =>
    lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
  const edits = blocks.map(({ path, search, replace }) => ({
    file: path,
    old_string: text(search),
    new_string: text(replace),
  }));
  return JSON.stringify({ edits }, null, 2);
}

export interface JsonFault {
  name: string;
  apply(json: string, random: Random): { json: string; told: Told };
}

export const JSON_FAULTS: readonly JsonFault[] = [
  {
    name: 'raw line ends',
    apply: (json) => ({ json: json.replaceAll('\\n', '\n'), told: /\\\\n/.test(json) ? 'open' : 'fine' }),
  },
  { name: 'raw tabs', apply: (json) => ({ json: json.replaceAll('\\t', '\t'), told: 'fine' }) },
  {
    name: 'trailing commas',
    apply: (json) => ({
      json: json.replace(/"\n(\s*)}/g, '",\n$1}').replace(/}\n(\s*)]/g, '},\n$1]'),
      told: 'fine',
    }),
  },
  { name: 'quotes not escaped', apply: (json) => ({ json: json.replaceAll('\\"', '"'), told: 'fine' }) },
  { name: 'single quotes escaped', apply: (json) => ({ json: json.replaceAll("'", "\\'"), told: 'fine' }) },
  {
    name: 'escaped twice',
    apply: (json) => ({
      json: json.replaceAll('\\n', '\\\\n').replaceAll('\\t', '\\\\t').replaceAll('\\"', '\\\\\\"'),
      told: 'fine',
    }),
  },
  { name: 'comments', apply: (json) => ({ json: json.replace('{', '{ // what changes'), told: 'fine' }) },
];

/** The changes as a tool would give them. */
export function ruffOf(source: Source, changes: readonly Change[]): string {
  const findings = changes.map(({ at, remove, insert }) => ({
    cell: null,
    code: 'X100',
    filename: `/work/${source.path}`,
    location: { row: at + 1, column: 1 },
    fix: {
      applicability: 'safe',
      message: 'x',
      edits: [
        {
          content: insert.map((line) => `${line}\n`).join(''),
          location: { row: at + 1, column: 1 },
          end_location: { row: at + remove + 1, column: 1 },
        },
      ],
    },
  }));
  return JSON.stringify(findings, null, 2);
}

/** UTF-16 offsets within lines, without the byte order mark. */
export function eslintOf(source: Source, changes: readonly Change[]): string {
  const text = textOf({ ...source, bom: false });
  const starts: number[] = [];
  for (let i = 0, at = 0; i <= source.lines.length; i++) {
    starts.push(Math.min(at, text.length));
    at += (source.lines[i]?.length ?? 0) + source.eol.length;
  }
  const messages = changes.map(({ at, remove, insert }) => ({
    ruleId: 'x/y',
    severity: 2,
    line: at + 1,
    column: 1,
    fix: { range: [starts[at], starts[at + remove]], text: insert.map((line) => line + source.eol).join('') },
  }));
  return JSON.stringify([{ filePath: `/work/${source.path}`, messages, source: text }]);
}

/** Columns in code points, from the line's indentation to its end. */
export function sarifOf(source: Source, changes: readonly Change[]): string {
  const results = changes.map(({ at, remove, insert }) => ({
    ruleId: 'x',
    fixes: [
      {
        artifactChanges: [
          {
            artifactLocation: { uri: encodeURI(source.path) },
            replacements: [
              {
                deletedRegion: { startLine: at + 1, startColumn: 1, endLine: at + remove + 1, endColumn: 1 },
                insertedContent: { text: insert.map((line) => `${line}\n`).join('') },
              },
            ],
          },
        ],
      },
    ],
  }));
  return JSON.stringify({ version: '2.1.0', runs: [{ columnKind: 'unicodeCodePoints', results }] });
}
