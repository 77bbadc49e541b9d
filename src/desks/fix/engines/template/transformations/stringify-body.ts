import { calleeName, isCall } from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

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
