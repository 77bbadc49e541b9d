import { findAll, isIdentifier, leaves, unwrap, type Node, type NodeOf } from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/**
 * `if (!table) { loading = true; table = await load() }`: whoever comes while it is loading finds nothing. Keep the promise instead
 * of the value, so that all wait for the same one.
 */
export const shareLoading: Transformation = {
  name: 'share-loading',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    site.fault.kind === 'nullish-read' &&
    site.subject !== null &&
    isIdentifier(unwrap(site.subject)),
  propose(site) {
    const { source } = site;
    const subject = unwrap(site.subject!);
    const fn = source.functionOf(site.node);
    if (!isIdentifier(subject) || fn === undefined || !fn.async) return [];
    const binding = source.scopes.resolve(subject.name, subject);
    if (
      binding === undefined ||
      binding.scope.parent !== null ||
      (binding.kind !== 'let' && binding.kind !== 'var')
    )
      return [];
    const found: Proposal[] = [];
    for (const node of findAll(fn, (each): each is NodeOf<'IfStatement'> => each.type === 'IfStatement')) {
      const statements =
        node.consequent.type === 'BlockStatement'
          ? (node.consequent.body as Node[])
          : [node.consequent as Node];
      if (
        node.alternate !== null ||
        node.end > site.node.start ||
        statements.length > 2 ||
        statements.some(leaves)
      )
        continue;
      const last = statements.at(-1);
      const set =
        last?.type === 'ExpressionStatement' && last.expression.type === 'AssignmentExpression'
          ? last.expression
          : undefined;
      if (
        set === undefined ||
        set.operator !== '=' ||
        source.slice(set.left) !== subject.name ||
        set.right.type !== 'AwaitExpression'
      )
        continue;
      const reads = source.scopes
        .references(binding)
        .filter((id) => id.start < node.start || id.end > node.end);
      // Other functions would meet a promise where they expect the value.
      if (
        reads.some((id) => source.functionOf(id) !== fn || source.parent(id)?.type === 'AssignmentExpression')
      )
        continue;
      const { semicolon: end } = source.style;
      found.push({
        edits: [
          replace(source, node, `${subject.name} ??= ${source.slice(set.right.argument)}${end}`),
          ...reads.map((id) => replace(source, id, `(await ${subject.name})`)),
        ],
        title: `Let all wait for the same ${subject.name}`,
        why: `${subject.name} is set only when loading is over, and ${site.place(site.node)} can be reached before`,
        weight: 0.85,
      });
    }
    return found;
  },
};
