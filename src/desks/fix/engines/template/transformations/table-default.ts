import { findAll, isCall, isIdentifier, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { grouped, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';
import { lookupsOf } from './table-lookup.ts';

/** `?? TABLE.default` behind another look-up in the same table. */
function defaultsElsewhere(source: Source, table: string, except: Node): string[] {
  const found = new Set<string>();
  for (const node of findAll(source.program, (each): each is Node => each.type === 'LogicalExpression')) {
    if (node.type !== 'LogicalExpression' || node.operator === '&&' || node.left === except) continue;
    const left = unwrap(node.left);
    const same =
      (isMember(left) && left.computed && source.slice(left.object) === table) ||
      (isCall(left) && source.slice(left.callee) === `${table}.get`);
    const own = findAll(node.right, (each): each is Node => isIdentifier(each)).every(
      (id) =>
        source.scopes.resolve(source.slice(id), id)?.scope.parent === null ||
        (isMember(source.parent(id) ?? id) && source.parent(id) !== undefined),
    );
    if (same && own && source.slice(node.right).length < 120)
      found.add(`${node.operator} ${source.slice(node.right)}`);
  }
  return [...found];
}

/** A key that the table does not have: the table's own default entry. */
export const tableDefault: Transformation = {
  name: 'table-default',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' ||
      site.fault.kind === 'not-function' ||
      site.fault.kind === 'not-iterable'),
  propose(site) {
    const found: Proposal[] = [];
    for (const { source, node, table, keys } of lookupsOf(site)) {
      for (const text of defaultsElsewhere(source, table, node)) {
        const parent = source.parent(node);
        const parens =
          parent !== undefined &&
          ((isMember(parent) && parent.object === node) || (isCall(parent) && parent.callee === node));
        const whole = `${source.slice(node)} ${text}`;
        found.push({
          edits: [replace(source, node, parens ? `(${whole})` : grouped(source, node, whole))],
          title: `Look ${table} up with the default that it has elsewhere`,
          why: `the same look-up in ${source.file} falls back with "${text}"`,
          weight: 0.9,
        });
      }
      const own = keys.filter((key) =>
        /^(?:default|other|others|unknown|fallback|standard|normal|basic|none|\*|en|USD|EUR)$/i.test(key),
      );
      for (const [n, key] of own.slice(0, 2).entries()) {
        const entry = isCall(node)
          ? `${table}.get(${source.style.quote}${key}${source.style.quote})`
          : /^[A-Za-z_$][\w$]*$/.test(key)
            ? `${table}.${key}`
            : `${table}[${source.style.quote}${key}${source.style.quote}]`;
        const parent = source.parent(node);
        const text = `${source.slice(node)} ?? ${entry}`;
        const parens =
          parent !== undefined &&
          ((isMember(parent) && parent.object === node) || (isCall(parent) && parent.callee === node));
        found.push({
          edits: [replace(source, node, parens ? `(${text})` : grouped(source, node, text))],
          title: `Use the ${key} entry of ${table} for unknown keys`,
          why: `${table} has the entries ${keys.slice(0, 8).join(', ')}, and an entry named ${key}`,
          weight: (/default|other|unknown|fallback|\*/i.test(key) ? 0.8 : 0.5) - n * 0.1,
        });
      }
    }
    return found;
  },
};
