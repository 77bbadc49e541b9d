import {
  bodyOf,
  calleeName,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  unwrap,
  type Node,
} from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

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

/** A class is called like a function. */
export const addNew: Transformation = {
  name: 'add-new',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost && site.fault.kind === 'class-call' && site.node.type === 'CallExpression',
  propose(site) {
    return [
      {
        edits: [insert(site.source, site.node.start, 'new ')],
        title: `Make a ${site.fault.key ?? 'class'} with new`,
        why: `${site.fault.key ?? 'it'} is a class, and is called at ${site.place(site.node)} without new`,
        weight: 0.98,
      },
    ];
  },
};

/** A method is handed over as a callback and loses its object: bind it where it is handed over. */
export const bindMethod: Transformation = {
  name: 'bind-method',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    site.fault.kind === 'nullish-read' &&
    site.subject !== null &&
    unwrap(site.subject).type === 'ThisExpression',
  propose(site) {
    const { source } = site;
    const method = methodOf(site.source, site.node);
    if (method === undefined) return [];
    const found: Proposal[] = [];
    for (const other of site.tree.matching(new RegExp(`\\.${method}\\b`))) {
      for (const node of findAll(other.program, isMember)) {
        if (node.computed || other.slice(node.property) !== method) continue;
        const parent = other.parent(node);
        if (
          parent === undefined ||
          !isCall(parent) ||
          parent.callee === node ||
          !parent.arguments.some((each) => each === node)
        )
          continue;
        found.push({
          edits: [insert(other, node.end, `.bind(${other.slice(node.object)})`)],
          title: `Keep ${other.slice(node.object)} with its method ${method}`,
          why: `${method} uses this, and is handed over at ${site.place(node, other)} without its object`,
          weight: 0.93,
        });
      }
    }
    // `setTimeout(function () { this.x })`: the function around was meant to share this.
    const fn = source.functionOf(site.node);
    if (
      fn?.type === 'FunctionExpression' &&
      source.parent(fn) !== undefined &&
      isCall(source.parent(fn)!) &&
      fn.id === null &&
      !fn.generator &&
      bodyOf(fn) !== null
    ) {
      const params = source.text.slice(source.text.indexOf('(', fn.start), bodyOf(fn)!.start).trimEnd();
      found.push({
        edits: [
          replace(
            source,
            { start: fn.start, end: bodyOf(fn)!.start },
            `${fn.async ? 'async ' : ''}${params} => `,
          ),
        ],
        title: 'Let the callback share this',
        why: `the callback at ${site.place(fn)} uses this, which a plain function does not take from around it`,
        weight: 0.88,
      });
    }
    return found;
  },
};

function methodOf(source: Source, node: Node): string | undefined {
  for (const each of source.ancestors(node)) {
    if (each.type === 'MethodDefinition' && each.key.type === 'Identifier') return each.key.name;
    if (each.type === 'Property' && each.method && each.key.type === 'Identifier') return each.key.name;
  }
  return undefined;
}

/** `forEach(async …)` waits for nothing: errors go unhandled, and what follows runs too early. */
export const awaitEach: Transformation = {
  name: 'await-each',
  kind: 'root-cause',
  applies: (site) => site.location.by !== 'commit' && site.location.depth < 2,
  propose(site) {
    const { source } = site;
    const found: Proposal[] = [];
    const scope = isFunction(site.node) ? site.node : (outermost(source, site.node) ?? site.node);
    for (const call of findAll(scope, isCall)) {
      const callee = unwrap(call.callee);
      const fn = call.arguments[0];
      const name = calleeName(call);
      if (!isMember(callee) || fn === undefined || !isFunction(fn) || !fn.async) continue;
      const around = source.functionOf(call);
      if (around === undefined || !around.async) continue;
      const parent = source.parent(call);
      if (name === 'forEach' && parent?.type === 'ExpressionStatement') {
        found.push({
          edits: [
            replace(source, { start: callee.property.start, end: callee.property.end }, 'map'),
            insert(source, call.start, 'await Promise.all('),
            insert(source, call.end, ')'),
          ],
          title: 'Wait for all items',
          why: `forEach at ${site.place(call)} does not wait for its async callback, so what it throws is nobody's`,
          weight: 0.85,
        });
        const param = fn.params[0];
        if (
          param !== undefined &&
          fn.params.length === 1 &&
          bodyOf(fn) !== null &&
          !/\breturn\b/.test(source.slice(fn))
        ) {
          found.push({
            edits: [
              replace(
                source,
                { start: parent.start, end: bodyOf(fn)!.start },
                `for (const ${source.slice(param)} of ${source.slice(callee.object)}) `,
              ),
              replace(source, { start: fn.end, end: parent.end }, ''),
            ],
            title: 'Do one item after the other',
            why: `forEach at ${site.place(call)} does not wait for its async callback, so what it throws is nobody's`,
            weight: 0.87,
          });
        }
      } else if (
        name === 'map' &&
        parent?.type !== 'AwaitExpression' &&
        !(
          parent !== undefined &&
          isCall(parent) &&
          /^(?:all|allSettled|race|any)$/.test(calleeName(parent) ?? '')
        )
      ) {
        found.push({
          edits: [insert(source, call.start, 'await Promise.all('), insert(source, call.end, ')')],
          title: 'Wait for what the list is mapped to',
          why: `map with an async callback at ${site.place(call)} gives promises, not values`,
          weight: 0.9,
        });
      }
    }
    return found;
  },
};

function outermost(source: Source, node: Node): Node | undefined {
  let found: Node | undefined;
  for (const each of source.ancestors(node)) if (isFunction(each)) found = each;
  return found;
}

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

/** A body that the response cannot take as it is: JSON it, or make it a text. */
export const stringifyBody: Transformation = {
  name: 'stringify-body',
  kind: 'root-cause',
  applies: (site) => site.fault.kind === 'argument-type' && site.location.depth < 2 && isCall(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isCall(node)) return [];
    const name = calleeName(node) ?? '';
    const found: Proposal[] = [];
    const at = name === 'setHeader' || name === 'set' || name === 'header' ? 1 : 0;
    const argument = node.arguments[at];
    if (argument === undefined || argument.type === 'SpreadElement') return [];
    const text = source.slice(argument);
    const received = site.incident.context.error.message;
    if (/^(?:end|write|send)$/.test(name) && /Received an instance of|type (?:number|boolean)/.test(received))
      found.push({
        edits: [
          replace(
            source,
            argument,
            /type (?:number|boolean)/.test(received) ? `String(${text})` : `JSON.stringify(${text})`,
          ),
        ],
        title: 'Send the value as text',
        why: `${name}() takes a text or bytes, and ${text.slice(0, 60)} is neither`,
        weight: 0.9,
      });
    else if (/undefined|null/.test(received))
      found.push({
        edits: [replace(source, argument, `${text} ?? ${source.style.quote.repeat(2)}`)],
        title: `Take an empty text when there is no ${text.slice(0, 40)}`,
        why: `${text.slice(0, 60)} was missing where ${name}() needs a value`,
        weight: 0.5,
      });
    else if (/type number|type object|instance of/.test(received))
      found.push({
        edits: [replace(source, argument, `String(${text})`)],
        title: 'Hand over a text',
        why: `${name}() takes a text, and ${text.slice(0, 60)} was of another type`,
        weight: 0.5,
      });
    return found;
  },
};
