import { findAll, type Node } from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import { closest } from '../../../../../lib/similar-names.ts';
import type { Site, Transformation } from '../site.ts';

/** `column "x" does not exist`: the column's real name, from PostgreSQL's hint, the recording or the other queries. */
export const renameColumn: Transformation = {
  name: 'rename-column',
  kind: 'root-cause',
  applies: (site) =>
    site.fault.kind === 'sql' &&
    site.location.depth < 3 &&
    /(?:column|relation) .* does not exist/.test(site.incident.context.error.message),
  propose(site) {
    const { message, raw } = site.incident.context.error;
    const match = /(column|relation) "?([\w.]+)"? (?:of relation "?\w+"? )?does not exist/.exec(message);
    if (match === null) return [];
    const written = match[2]!.split('.').at(-1)!;
    const hint = /Perhaps you meant to reference the column "(?:\w+\.)?(\w+)"/.exec(raw)?.[1];
    const known = new Set([...site.evidence.columns, ...sqlWords(site, match[1] === 'relation')]);
    known.delete(written);
    const names =
      hint === undefined
        ? closest(written, known, 0.5)
            .slice(0, 2)
            .map((each) => each.name)
        : [hint];
    const fn = site.source.functionOf(site.node) ?? site.source.program;
    const spots = occurrences(site.source, fn, written);
    return names.map((name, n) => ({
      edits: spots.map((at) => replace(site.source, at, name)),
      title: `Ask for ${name}, not ${written}`,
      why:
        hint === undefined
          ? `the database has no ${match[1]} ${written}; ${site.evidence.columns.has(name) ? 'the recording has' : 'other queries of the app use'} ${name}`
          : `the database itself says that ${name} was meant`,
      weight: (hint === undefined ? 0.8 : 0.95) - n * 0.1,
    }));
  },
};

function occurrences(source: Site['source'], fn: Node, word: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const node of findAll(
    fn,
    (each): each is Node =>
      each.type === 'TemplateElement' || (each.type === 'Literal' && typeof each.value === 'string'),
  )) {
    const text = source.slice(node);
    if (!/\b(?:select|insert|update|delete|where|from|set|order by)\b/i.test(text)) continue;
    for (const match of text.matchAll(new RegExp(`\\b${word}\\b`, 'g')))
      found.push({ start: node.start + match.index, end: node.start + match.index + word.length });
  }
  return found;
}

function sqlWords(site: Site, relations: boolean): Set<string> {
  const words = new Set<string>();
  for (const source of site.tree.matching(/\b(?:select|insert into|update)\b/i)) {
    for (const match of source.text.matchAll(
      relations
        ? /\b(?:from|join|into|update)\s+"?(\w+)/gi
        : /\b(?:select|set|where|and|or|by|into|,|\()\s*"?(?:\w+\.)?([a-z_]\w*)/gi,
    ))
      words.add(match[1]!);
  }
  return words;
}
