import { findAll, isCall, isIdentifier } from '../../../locate/ast.ts';
import { insert } from '../edits.ts';
import { listStatement } from '../places.ts';
import type { Proposal, Transformation } from '../site.ts';

/** Another service does not answer, and the request waits for ever: a deadline, in milliseconds. */
export const fetchTimeout: Transformation = {
  name: 'fetch-timeout',
  kind: 'mitigation',
  applies: (site) => site.fault.kind === 'hang' && site.location.by !== 'commit',
  propose(site) {
    const found: Proposal[] = [];
    for (const source of site.tree.matching(/\bfetch\(/)) {
      for (const call of findAll(source.program, isCall)) {
        if (!isIdentifier(call.callee) || call.callee.name !== 'fetch' || /signal/.test(source.slice(call)))
          continue;
        const [url, options] = call.arguments;
        if (url === undefined) continue;
        const limit =
          /(\w*TIMEOUT\w*)/.exec([...source.scopes.visible(call).keys()].join(' '))?.[1] ?? '5000';
        const text = `signal: AbortSignal.timeout(${limit})`;
        const last = options?.type === 'ObjectExpression' ? options.properties.at(-1) : undefined;
        const edits =
          options === undefined
            ? [insert(source, url.end, `, { ${text} }`)]
            : last !== undefined
              ? [insert(source, last.end, `, ${text}`)]
              : undefined;
        if (edits && listStatement(source, call, source.functionOf(call)) !== undefined)
          found.push({
            edits,
            title: 'Give up on the other service in time',
            why: `fetch at ${source.file}:${source.line(call.start)} waits without a limit`,
            weight: source === site.source ? 0.6 : 0.45,
          });
      }
    }
    return found;
  },
};
