import { bodyOf, isFunction, leaves, type Node } from '../../../locate/ast.ts';
import { functionName } from '../../../locate/modules.ts';
import { insert } from '../edits.ts';
import type { Transformation } from '../site.ts';

/** A function computes its value and forgets to return it. */
export const returnValue: Transformation = {
  name: 'return-value',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.origin?.kind === 'falls-through',
  propose(site) {
    const { source, node } = site.origin!;
    if (!isFunction(node)) return [];
    const body = bodyOf(node);
    const last = (body?.body as Node[] | undefined)?.at(-1);
    if (last === undefined || leaves(last)) return [];
    const name = functionName(source, node) ?? 'The function';
    const at = source.line(node.start);
    if (last.type === 'ExpressionStatement') {
      return [
        {
          edits: [insert(source, last.start, 'return ')],
          title: `Return the value of ${name}`,
          why: `${name} at ${source.file}:${at} ends without a return, and its caller uses the value`,
          weight: 0.9,
        },
      ];
    }
    const declared = last.type === 'VariableDeclaration' ? last.declarations.at(-1)?.id : undefined;
    if (declared?.type !== 'Identifier') return [];
    const indent = source.indentOf(last);
    return [
      {
        edits: [
          insert(
            source,
            last.end,
            `${source.style.newline}${indent}return ${declared.name}${source.style.semicolon}`,
          ),
        ],
        title: `Return ${declared.name} from ${name}`,
        why: `${name} at ${source.file}:${at} makes ${declared.name} last and ends without a return`,
        weight: 0.85,
      },
    ];
  },
};
