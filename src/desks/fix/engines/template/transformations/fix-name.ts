import { isIdentifier } from '../../../locate/ast.ts';
import { type Node } from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import { closest } from '../../../../../lib/similar-names.ts';
import type { Source } from '../../../locate/source.ts';
import type { Transformation } from '../site.ts';

/** A name that nothing declares is a slip of the pen for one that is in scope. */
export const fixName: Transformation = {
  name: 'fix-name',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'not-defined' && isIdentifier(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isIdentifier(node)) return [];
    const names = source.scopes.visible(node);
    return closest(node.name, names.keys(), 0.4)
      .slice(0, 3)
      .map(({ name, score }) => ({
        edits: [
          replace(
            source,
            node,
            source.parent(node)?.type === 'Property' && isShorthand(source, node)
              ? `${node.name}: ${name}`
              : name,
          ),
        ],
        title: `Use ${name}, not ${node.name}`,
        why: `nothing declares ${node.name}; ${name} is in scope at ${site.place(node)}`,
        weight: 0.25 + 0.6 * score + (names.get(name)?.scope.parent === null ? 0 : 0.05),
      }));
  },
};

function isShorthand(source: Source, node: Node): boolean {
  const parent = source.parent(node);
  return parent?.type === 'Property' && parent.shorthand;
}
