import { isIdentifier, unwrap } from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import type { Transformation } from '../site.ts';

/** A constant is assigned to: it was meant to vary. */
export const constToLet: Transformation = {
  name: 'const-to-let',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'constant-assignment' && site.subject !== null,
  propose(site) {
    const { source, subject } = site;
    const id = unwrap(subject!);
    const binding = isIdentifier(id) ? source.scopes.resolve(id.name, id) : undefined;
    const declaration = binding && source.parent(binding.declaration);
    if (binding?.kind !== 'const' || declaration?.type !== 'VariableDeclaration') return [];
    return [
      {
        edits: [replace(source, { start: declaration.start, end: declaration.start + 5 }, 'let')],
        title: `Let ${binding.name} vary`,
        why: `${binding.name} is declared with const and assigned to at ${site.place(site.node)}`,
        weight: 0.97,
      },
    ];
  },
};
