import {
  calleeName,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  unwrap,
  type Node,
} from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import type { Transformation } from '../site.ts';

/** Text of a user becomes a pattern: its special characters must not. */
export const escapeRegex: Transformation = {
  name: 'escape-regex',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'regex',
  propose(site) {
    const { source } = site;
    const call = findAll(site.node, isCall).find((each) => calleeName(each) === 'RegExp');
    const pattern = call?.arguments[0];
    if (pattern === undefined) return [];
    const escape = (text: string): string =>
      `${text}.replace(/[.*+?^\${}()|[\\]\\\\]/g, ${source.style.quote}\\\\$&${source.style.quote})`;
    const parts: Node[] =
      pattern.type === 'TemplateLiteral'
        ? pattern.expressions
        : pattern.type === 'BinaryExpression'
          ? findAll(pattern, (each): each is Node => isIdentifier(each) || isMember(each)).filter(
              (each) => source.parent(each)?.type === 'BinaryExpression',
            )
          : [pattern];
    const edits = parts.map((each) =>
      replace(
        source,
        each,
        escape(
          isIdentifier(unwrap(each)) || isMember(unwrap(each)) || isCall(unwrap(each))
            ? source.slice(each)
            : `String(${source.slice(each)})`,
        ),
      ),
    );
    return edits.length === 0
      ? []
      : [
          {
            edits,
            title: 'Take the text literally in the pattern',
            why: `${parts.map((each) => source.slice(each)).join(', ')} goes into a regular expression as it came`,
            weight: 0.9,
          },
        ];
  },
};
