import { isCall, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { originOf } from '../../../locate/flow.ts';
import { inputKind } from '../../../locate/flow.ts';
import { replace } from '../edits.ts';
import type { Transformation } from '../site.ts';

/** Methods by the kind of value that has them, for names that only one kind has. */
const KINDS: [pattern: RegExp, wrap: (text: string) => string, kind: string][] = [
  [/^(?:toFixed|toPrecision|toExponential)$/, (text) => `Number(${text})`, 'a number'],
  [
    /^(?:toISOString|getTime|getFullYear|getMonth|getDate|getDay|getHours|getMinutes|toLocaleDateString|toLocaleTimeString|toDateString|toUTCString|setDate|setHours|setMonth)$/,
    (text) => `new Date(${text})`,
    'a date',
  ],
  [
    /^(?:trim|toLowerCase|toUpperCase|split|replace|replaceAll|startsWith|endsWith|padStart|padEnd|substring|charAt|charCodeAt|match|localeCompare|normalize)$/,
    (text) => `String(${text})`,
    'a text',
  ],
  [
    /^(?:map|filter|forEach|reduce|some|every|flatMap|join|sort|push|find)$/,
    (text) => `[].concat(${text})`,
    'a list',
  ],
];

/** Data of another type than the method that is called on it: make it one. Drivers give NUMERIC as text, caches give dates as text. */
export const coerceReceiver: Transformation = {
  name: 'coerce-receiver',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    site.fault.kind === 'not-function' &&
    isCall(site.node) &&
    isMember(unwrap(site.node.callee)),
  propose(site) {
    const { source, node, fault, subject } = site;
    if (subject === null || !isCall(node) || fault.key === null) return [];
    const rule = KINDS.find(([pattern]) => pattern.test(fault.key!));
    if (rule === undefined) return [];
    const [, wrap, kind] = rule;
    const text = source.slice(subject);
    const name = isMember(unwrap(subject))
      ? source.slice((unwrap(subject) as Node & { property: Node }).property)
      : text;
    const types = site.evidence.types.get(name);
    const seen = types === undefined ? '' : `the recorded ${name} is a ${[...types].join(' or ')}; `;
    const promise = originOf(site.tree, site.incident.locations, site.location, subject);
    const isCallResult = promise.kind === 'call' || promise.kind === 'falls-through';
    const input = inputKind(source, subject) !== null || promise.kind === 'input';
    const proposals = [
      {
        edits: [replace(source, subject, wrap(text))],
        title: `Make ${text} ${kind} before ${fault.key}()`,
        why: `${seen}${fault.key}() is a method of ${kind}, and ${text} was something else at ${site.place(node)}`,
        weight: isCallResult && kind === 'a list' ? 0.25 : types === undefined ? 0.62 : 0.8,
        ...(input && kind !== 'a list' ? { kind: 'mitigation' as const } : {}),
      },
    ];
    // The same where the value is first named, so that all its uses have it.
    const step = promise.steps.find((each) => each.kind === 'variable');
    if (
      step?.node.type === 'VariableDeclarator' &&
      step.node.init &&
      step.node.id.type === 'Identifier' &&
      unwrap(subject).type === 'Identifier'
    ) {
      proposals.push({
        edits: [replace(step.source, step.node.init, wrap(step.source.slice(step.node.init)))],
        title: `Make ${step.name} ${kind} where it is taken`,
        why: `${seen}all uses of ${step.name} expect ${kind}`,
        weight: isCallResult ? 0.25 : 0.6,
      });
    }
    return proposals;
  },
};
