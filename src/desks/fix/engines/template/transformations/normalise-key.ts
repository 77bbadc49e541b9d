import { isCall, isIdentifier, isMember, unwrap } from '../../../locate/ast.ts';
import { failingRequest } from '../../../locate/locate.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';
import { lookupsOf, escaped } from './table-lookup.ts';

/** The key is the right one in another spelling: the case, spaces, text for a number. */
export const normaliseKey: Transformation = {
  name: 'normalise-key',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost && ['nullish-read', 'not-function', 'not-iterable'].includes(site.fault.kind),
  propose(site) {
    const found: Proposal[] = [];
    for (const { source, key, keys, numeric, table } of lookupsOf(site)) {
      const text = source.slice(key);
      if (numeric && key.type !== 'Literal' && !/^Number\(|^parseInt\(|^\+/.test(text)) {
        found.push({
          edits: [replace(source, key, `Number(${text})`)],
          title: `Look ${table} up by number`,
          why: `the keys of ${table} are numbers, and ${text} is a text`,
          weight: pathHas(site, keys) ? 0.98 : 0.82,
        });
      }
      if (/\.to(?:Lower|Upper)Case\(\)|Number\(/.test(text)) continue;
      const letters = keys.filter((each) => /[a-z]/i.test(each));
      if (letters.length === 0) continue;
      const to = letters.every((each) => each === each.toLowerCase())
        ? 'toLowerCase'
        : letters.every((each) => each === each.toUpperCase())
          ? 'toUpperCase'
          : undefined;
      if (to === undefined) continue;
      const simple = isIdentifier(unwrap(key)) || isMember(unwrap(key)) || isCall(unwrap(key));
      const base = simple ? text : `(${text})`;
      const seen = requestHas(site, keys);
      found.push({
        edits: [
          insert(source, key.start, simple ? '' : '('),
          insert(source, key.end, `${simple ? '' : ')'}.${to}()`),
        ].filter((each) => each.text !== ''),
        title: `Look ${table} up by ${base} in ${to === 'toLowerCase' ? 'lower' : 'upper'} case`,
        why: `all keys of ${table} are in ${to === 'toLowerCase' ? 'lower' : 'upper'} case${seen ? ', and the failing request has one of them in another case' : ''}`,
        weight: seen ? 0.92 : 0.42,
      });
      found.push({
        edits: [
          insert(source, key.start, simple ? '' : '('),
          insert(source, key.end, `${simple ? '' : ')'}.trim().${to}()`),
        ].filter((each) => each.text !== ''),
        title: `Look ${table} up without regard to case and spaces`,
        why: `all keys of ${table} are in ${to === 'toLowerCase' ? 'lower' : 'upper'} case${seen ? ', and the failing request has one of them in another spelling' : ''}`,
        weight: seen ? 0.88 : 0.34,
      });
    }
    return found;
  },
};

/** Whether a part of the failing request's path is one of the keys. */
function pathHas(site: Site, keys: string[]): boolean {
  const request = failingRequest(site.incident.context);
  return request !== undefined && request.path.split(/[/?&=]/).some((part) => keys.includes(part));
}

/** Whether the failing request carries one of these words in another spelling. */
function requestHas(site: Site, keys: string[]): boolean {
  const { slice } = site.incident.context;
  const failing = slice.exchanges.find((each) => each.id === slice.failing);
  if (failing === undefined) return false;
  const text = JSON.stringify(failing.request).slice(0, 200_000);
  return keys.some(
    (key) =>
      key.length >= 2 &&
      !new RegExp(`[^\\w]${escaped(key)}[^\\w]`).test(text) &&
      new RegExp(`[^\\w]\\s*${escaped(key)}\\s*[^\\w]`, 'i').test(text),
  );
}
