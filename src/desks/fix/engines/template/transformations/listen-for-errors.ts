import {
  calleeName,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  unwrap,
  unwrapAwait,
  type Node,
} from '../../../locate/ast.ts';
import { moduleOf } from '../../../locate/modules.ts';
import type { Source } from '../../../locate/source.ts';
import { after } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

const EMITTERS = /^(?:pg|redis|ioredis|ws|amqplib|mqtt|node:net|net|node:events|events|mysql2?|node:tls)$/;

/** A client of a database emits `error` when an idle connection ends; without a listener, that ends the process. */
export const listenForErrors: Transformation = {
  name: 'listen-for-errors',
  kind: 'root-cause',
  applies: (site) =>
    site.incident.context.error.detector === 'crash' ||
    site.fault.kind === 'emitter' ||
    /Unhandled 'error' event|Emitted 'error' event/.test(site.incident.context.error.raw),
  propose(site) {
    const found: Proposal[] = [];
    const seen = new Set<string>();
    for (const source of site.tree.matching(
      /createClient|new (?:\w+\.)?(?:Pool|Client|Redis|Cluster|WebSocket)\b|createConnection|\.connect\(/,
    )) {
      for (const node of findAll(
        source.program,
        (each): each is Node => each.type === 'VariableDeclarator',
      )) {
        if (
          node.type !== 'VariableDeclarator' ||
          node.id.type !== 'Identifier' ||
          !node.init ||
          !makesClient(source, node.init)
        )
          continue;
        const name = node.id.name;
        const statement = source.parent(node);
        const listens = new RegExp(
          `\\b${name.replaceAll('$', '\\$')}\\.(?:on|once|addListener)\\(\\s*['"\`]error`,
        ).test(source.text);
        if (listens || statement === undefined || seen.has(source.file + name)) continue;
        seen.add(source.file + name);
        const { quote, semicolon: end } = source.style;
        const log = /\blog(?:ger)?\.error\(/.exec(source.text)?.[0] ?? 'console.error(';
        const owner =
          source.parent(statement)?.type === 'ExportNamedDeclaration' ? source.parent(statement)! : statement;
        const edits = after(
          source,
          owner,
          `${name}.on(${quote}error${quote}, (error) => ${log}${quote}${name}: connection failed${quote}, error))${end}`,
        );
        if (edits)
          found.push({
            edits,
            title: `Survive errors of ${name}'s connections`,
            why: `${name} at ${source.file}:${source.line(node.start)} emits error when a connection is lost, and nothing listens`,
            weight: 0.85,
          });
      }
    }
    return found;
  },
};

function makesClient(source: Source, init: Node): boolean {
  const call = unwrapAwait(init);
  if (!isCall(call)) return false;
  let at: Node = unwrap(call.callee);
  const name = calleeName(call) ?? '';
  while (isMember(at) || isCall(at)) at = unwrap(isMember(at) ? at.object : at.callee);
  const binding = isIdentifier(at) ? source.scopes.resolve(at.name, at) : undefined;
  const from = binding && moduleOf(source, binding);
  return (
    from !== undefined &&
    EMITTERS.test(from.specifier) &&
    /^(?:Pool|Client|Redis|Cluster|WebSocket|createClient|createConnection|connect)$/.test(name)
  );
}
