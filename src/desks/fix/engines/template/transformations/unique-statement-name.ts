import { findAll, keyName, literalText, type Node, type NodeOf } from '../../../locate/ast.ts';
import { functionName } from '../../../locate/modules.ts';
import type { Source } from '../../../locate/source.ts';
import { replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';
import { quoted } from '../render-answer.ts';
import { wordsOf } from '../../../../../lib/similar-names.ts';

interface Statement {
  source: Source;
  name: Node;
  text: string;
}

/** Two prepared statements have one name: on a connection that knows the first, the second is refused. */
export const uniqueStatementName: Transformation = {
  name: 'unique-statement-name',
  kind: 'root-cause',
  applies: (site) =>
    site.location.depth === 0 &&
    /[Pp]repared statements? .*(?:must be unique|already exists)/.test(site.incident.context.error.message),
  propose(site) {
    const name = /['"]([^'"]+)['"]/.exec(site.incident.context.error.message)?.[1];
    if (name === undefined) return [];
    const all: Statement[] = [];
    const taken = new Set<string>();
    for (const source of site.tree.matching(/\bname\s*:/)) {
      for (const node of findAll(
        source.program,
        (each): each is NodeOf<'ObjectExpression'> => each.type === 'ObjectExpression',
      )) {
        const value = (key: string): Node | undefined =>
          node.properties.flatMap((each) =>
            each.type === 'Property' && keyName(each) === key ? [each.value as Node] : [],
          )[0];
        const own = value('name');
        const text = value('text');
        if (own === undefined || text === undefined) continue;
        taken.add(literalText(own) ?? '');
        if (literalText(own) === name) all.push({ source, name: own, text: source.slice(text) });
      }
    }
    if (new Set(all.map((each) => each.text)).size < 2) return [];
    return all.map((each): Proposal => {
      const fresh = freshName(each, name, taken);
      const here = site.incident.locations.some(
        (location) => location.source === each.source && location.line === each.source.line(each.name.start),
      );
      return {
        edits: [replace(each.source, each.name, quoted(each.source, fresh))],
        title: `Name the statement ${fresh}`,
        why: `${all.length} statements with different texts are named ${name}, and a connection knows one by a name`,
        weight: here ? 0.9 : 0.82,
      };
    });
  },
};

/** From the function that holds it, in the way of the other names. */
function freshName(statement: Statement, name: string, taken: Set<string>): string {
  const fn = statement.source.functionOf(statement.name);
  const own = fn === undefined ? null : functionName(statement.source, fn);
  const base = own === null ? name : [name, ...wordsOf(own)].join('-');
  for (let n = 2, fresh = own === null ? `${name}-2` : base; ; n++) {
    if (!taken.has(fresh)) return fresh;
    fresh = `${base}-${n}`;
  }
}
