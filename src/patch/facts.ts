import { accessFacts, envAliases } from './facts-access.ts';
import type { Add, Fact, Scope } from './fact.ts';
import { harmFacts } from './facts-harm.ts';
import { networkFacts } from './facts-network.ts';
import { routeFacts } from './facts-routes.ts';
import { moduleBindings } from './modules.ts';
import { lineAt, walk, type Parsed } from './syntax.ts';

/** The facts of one file that parses. */
export function factsOf(source: string, parsed: Extract<Parsed, { ok: true }>): Fact[] {
  const facts: Fact[] = [];
  const add: Add = (kind, node, detail, says, target) => {
    const fact: Fact = { kind, key: `${kind}:${detail}`, says, line: lineAt(source, node.start) };
    facts.push(target === undefined ? fact : { ...fact, target });
  };
  const scope: Scope = {
    source,
    bindings: moduleBindings(parsed.program),
    envNames: envAliases(parsed.program),
    add,
  };
  for (const comment of parsed.comments) {
    const off = /@ts-(?:ignore|nocheck|expect-error)|(?:eslint|oxlint|biome)-(?:disable|ignore)/.exec(
      comment.value,
    )?.[0];
    if (off !== undefined)
      add('unchecked', { ...comment, type: 'Comment' }, off, `switches a check off (${off})`);
  }
  walk(parsed.program, (node, above) => {
    accessFacts(node, above, scope);
    networkFacts(node, scope);
    harmFacts(node, scope);
    routeFacts(node, above, scope);
  });
  return facts;
}
