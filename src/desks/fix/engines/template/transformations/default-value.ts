import { unwrapAwait, isFunction, isMember, isIdentifier, type FunctionNode } from '../../../locate/ast.ts';
import { grouped, insert, replace } from '../edits.ts';
import { neutralFor } from '../neutral.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** What is missing has a natural empty value: give it where the value is made, so that all later uses have it. */
export const defaultValue: Transformation = {
  name: 'default-value',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' || site.fault.kind === 'not-iterable') &&
    site.subject !== null &&
    site.fault.value !== undefined,
  propose(site) {
    return [...atPattern(site), ...atParameter(site), ...atDeclaration(site), ...atUse(site)];
  },
};

/** `const { items } = req.body` → `const { items = [] } = req.body`; helps for undefined only. */
function atPattern(site: Site): Proposal[] {
  const step = site.origin?.steps.findLast((each) => each.kind === 'variable');
  if (step === undefined || step.binding === null || site.fault.value === 'null') return [];
  const property = step.source.parent(step.binding.id);
  if (property?.type !== 'Property' || step.source.parent(property)?.type !== 'ObjectPattern') return [];
  const value = emptyFor(site);
  if (value === null) return [];
  return [
    {
      edits: [insert(step.source, property.end, ` = ${value}`)],
      title: `Let ${step.name} be ${value} when it is left out`,
      why: `${step.name} is taken from ${step.source.slice((step.node as { init?: { start: number; end: number } }).init ?? step.node)} without a default, and was undefined`,
      weight: 0.55,
    },
  ];
}

function atParameter(site: Site): Proposal[] {
  const step = site.origin?.steps.findLast((each) => each.kind === 'param');
  if (step === undefined || step.binding === null || !isFunction(step.node) || site.fault.value === 'null')
    return [];
  const { binding, source } = step;
  if (!step.node.params.some((param) => param === binding.id)) return [];
  if (site.origin?.kind === 'element' || /^err/i.test(firstParam(step.node))) return [];
  const value = emptyFor(site);
  if (
    value === null ||
    (value === '{}' &&
      site.origin?.kind !== 'unset' &&
      site.origin?.kind !== 'parameter' &&
      !/^(?:opts|options|config|params|settings|filters?|query|ctx|context|meta)$/i.test(binding.name)) ||
    site.subject === null ||
    !isIdentifier(unwrapAwait(site.subject))
  )
    return [];
  return [
    {
      edits: [insert(source, binding.id.end, ` = ${value}`)],
      title: `Default ${binding.name} to ${value}`,
      why: `${binding.name} was undefined in a call of the function at ${source.file}:${source.line(step.node.start)}, which uses it without a check`,
      weight: site.origin?.kind === 'unset' || site.origin?.kind === 'parameter' ? 0.5 : 0.36,
    },
  ];
}

/** `(err, value)`: the value is missing because there was an error. */
function firstParam(fn: FunctionNode): string {
  const first = fn.params[0];
  return first?.type === 'Identifier' && fn.params.length > 1 ? first.name : '';
}

function atDeclaration(site: Site): Proposal[] {
  const step = site.origin?.steps.findLast((each) => each.kind === 'variable');
  if (
    step?.node.type !== 'VariableDeclarator' ||
    step.node.init === null ||
    step.node.id.type !== 'Identifier'
  )
    return [];
  const value = emptyFor(site);
  // An empty object in place of a thing that was looked up would be answered as if it were one.
  if (value === null || value === '{}') return [];
  const { source, node } = step;
  const init = node.init!;
  const loose =
    init.type === 'TSAsExpression' ||
    init.type === 'TSSatisfiesExpression' ||
    init.type === 'ConditionalExpression' ||
    init.type === 'ArrowFunctionExpression' ||
    init.type === 'AssignmentExpression' ||
    (init.type === 'LogicalExpression' && init.operator !== '??');
  const text = source.slice(init);
  return [
    {
      edits: [replace(source, init, `${loose ? `(${text})` : text} ?? ${value}`)],
      title: `Let ${step.name} be ${value} when there is none`,
      why: `${text.length > 60 ? step.name : text} gave ${site.fault.value ?? 'nothing'}, and ${value} is what its uses take for none`,
      weight:
        site.origin?.kind === 'find' || site.origin?.kind === 'property' || site.origin?.kind === 'input'
          ? 0.52
          : 0.4,
    },
  ];
}

/** `for (const x of row.items)` → `row.items ?? []`, `Object.keys(x)` → `x ?? {}`. */
function atUse(site: Site): Proposal[] {
  const subject = site.subject;
  if (subject === null) return [];
  const { source } = site;
  const inner = unwrapAwait(subject);
  if (site.fault.kind === 'not-iterable' && site.origin?.kind === 'literal') return [];
  const direct = neutralFor(source, subject);
  const value =
    site.fault.kind === 'not-iterable'
      ? direct === '{}'
        ? '{}'
        : '[]'
      : direct === '{}' || direct === '[]'
        ? direct
        : isMember(site.node)
          ? null
          : '{}';
  if (value === null) return [];
  const text = source.slice(subject);
  const kept = inner.type === 'AwaitExpression' ? `(${text})` : text;
  return [
    {
      edits: [replace(source, subject, grouped(source, subject, `${kept} ?? ${value}`))],
      title: `Take ${value} when ${text.length > 40 ? 'the value' : text} is missing`,
      why: `${text.length > 60 ? 'the value' : text} was ${site.fault.value ?? 'missing'} at ${site.place(site.node)}, where ${value === '[]' ? 'a list' : 'an object'} is needed`,
      weight: 0.5,
      kind: 'mitigation',
    },
  ];
}

/** The empty value of the kind that the subject's own use asks for: `[]` for `.map`, '' for `.trim`, `{}` for a property. */
function emptyFor(site: Site): string | null {
  const { fault, source } = site;
  if (fault.kind === 'not-iterable') return '[]';
  const key = fault.key;
  if (key === null) return '{}';
  if (
    /^(?:map|filter|forEach|reduce|length|push|some|every|find|flatMap|join|includes|slice|concat|sort|entries|\d+|at)$/.test(
      key,
    )
  )
    return '[]';
  if (
    /^(?:trim|toLowerCase|toUpperCase|split|replace|replaceAll|startsWith|endsWith|padStart|padEnd|charAt|substring|match|localeCompare|normalize)$/.test(
      key,
    )
  )
    return source.style.quote.repeat(2);
  if (/^(?:toFixed|toPrecision)$/.test(key)) return '0';
  return '{}';
}
