import { bodyOf, type FunctionNode, type Node } from '../../../locate/ast.ts';
import { paramName } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { before } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** A callback's error is not looked at before its value is used. */
export const guardCallbackError: Transformation = {
  name: 'guard-callback-error',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    const { source } = site;
    const fn = source.functionOf(site.node);
    const error = fn === undefined ? null : paramName((fn.params[0] as Node | undefined) ?? source.program);
    if (fn === undefined || error === null || !/^(?:err|error|e)$/.test(error) || fn.params.length < 2)
      return [];
    const first = (bodyOf(fn)?.body as Node[] | undefined)?.[0];
    if (first === undefined || new RegExp(`\\b${error}\\b`).test(source.slice(bodyOf(fn)!))) return [];
    const { semicolon: end } = source.style;
    const why = `${error} of the callback at ${site.place(fn)} is never looked at, and its value is missing when it is set`;
    const handler = site.location.handler;
    const found: Proposal[] = [];
    const add = (text: string, weight: number): void => {
      const edits = before(source, first, text);
      if (edits) found.push({ edits, title: 'Look at the error before the value', why, weight });
    };
    const outer = outerCallback(source, fn);
    if (outer !== undefined) add(`if (${error}) return ${outer}(${error})${end}`, 0.9);
    if (handler?.next) add(`if (${error}) return ${handler.next}(${error})${end}`, 0.9);
    for (const status of [502, 500]) {
      const answer = site.answer({ source, at: first, status, entity: null, handler });
      if (answer)
        add(
          `if (${error}) ${
            answer.text.includes('\n')
              ? `{\n${answer.text
                  .split('\n')
                  .map((line) => source.style.indent + line)
                  .join('\n')}\n}`
              : answer.text
          }`,
          0.7 + (answer.sameStatus ? 0.1 : 0),
        );
    }
    return found;
  },
};

function outerCallback(source: Source, fn: FunctionNode): string | undefined {
  const outer = source.functionOf(fn);
  const names = outer?.params.map((each) => paramName(each as Node)) ?? [];
  return names.find((name) => name !== null && /^(?:cb|callback|done)$/.test(name)) ?? undefined;
}
