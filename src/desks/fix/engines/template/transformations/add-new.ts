import { insert } from '../edits.ts';
import type { Transformation } from '../site.ts';

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
