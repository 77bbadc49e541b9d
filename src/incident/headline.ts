/** The line above a stack: `TypeError [ERR_X]: message`. */
export interface Headline {
  type: string;
  message: string;
}

const STRICT =
  /(?<![\w$.'"`/\\-])((?:[A-Za-z_$][\w$.]{0,100})?(?:Error|Exception|Rejection|Fault))(?: \[([^\]]{1,100})\])?(?:: (.*)|:?\s*$)/;
const NESTED = /^(?:[A-Za-z_$][\w$.]{0,100})?(?:Error|Exception)(?: \[[^\]]{1,100}\])?: /;

/**
 * A line that names an error class by the usual endings, wherever in the line it stands: `console.error('failed:', e)`
 * prints its own words first. Null for any other line.
 */
export function strictHeadline(line: string): Headline | null {
  if (!/Error|Exception|Rejection|Fault/.test(line)) return null;
  const found = STRICT.exec(line);
  if (found === null) return null;
  const message = found[3] ?? '';
  // `console.error('Error:', e)`: the word before is the app's, the class follows.
  if (found[1] === 'Error' && found[2] === undefined && NESTED.test(message)) return strictHeadline(message);
  return { type: found[1]!, message };
}

/** A line that may be a headline because a stack follows at once: `NotFound: no such cart`. */
function weakHeadline(line: string): Headline | null {
  const found =
    /^\s*(?:Uncaught |\[cause\]: )?([A-Z][\w$.]{0,100})(?: \[[^\]]{1,100}\])?(?:: (.*)|\s*)$/.exec(line);
  return found === null ? null : { type: found[1]!, message: found[2] ?? '' };
}

/** Whether a line between two stacks begins the second one, rather than being somebody else's. */
export function beginsAnother(line: string): boolean {
  if (strictHeadline(line) !== null || (weakHeadline(line)?.message ?? '') !== '') return true;
  return /(?<![\w$.-])(?:error|[A-Z][A-Za-z]+): \S/.test(line);
}

/** `[TypeError: fetch failed] {`: how an error without frames of its own is printed when members (a cause) follow. */
export function boxedHeadline(line: string): Headline | null {
  const found = /\[([A-Za-z_$][\w$.]{0,100})(?: \[[^\]]{1,100}\])?(?:: (.*))?\] \{$/.exec(line);
  return found === null || !/Error|Exception|Rejection/.test(found[1]!)
    ? null
    : { type: found[1]!, message: found[2] ?? '' };
}

/** Stacks that are printed for information: `console.trace`, warnings. */
function isNotice(line: string): boolean {
  return /^\s*(?:\(node:\d+\) )?(?:Trace\b|(?:\[\w+\] )?(?!UnhandledPromiseRejection)\w*Warning: )/.test(
    line,
  );
}

const LOOK_BACK = 40;

/**
 * The headline for a stack that begins after `lines` (oldest first), with the index of its line; the message runs on to
 * the last line. Null when the stack is a notice.
 */
export function findHeadline(lines: readonly string[]): (Headline & { index: number }) | null {
  const last = lines.length - 1;
  if (last < 0) return { type: 'Error', message: '', index: 0 };
  if (isNotice(lines[last]!)) return null;
  const weak = weakHeadline(lines[last]!);
  const nearest = weak !== null && weak.message !== '' ? last : Math.max(0, last - LOOK_BACK);
  for (let index = last; index >= nearest; index--) {
    const found = strictHeadline(lines[index]!);
    if (found === null) continue;
    return { type: found.type, message: [found.message, ...lines.slice(index + 1)].join('\n').trim(), index };
  }
  if (weak !== null) return { ...weak, index: last };
  // node-postgres names its class `error`.
  const lower = /(?<![\w$.-])error: (.*)$/.exec(lines[last]!);
  if (lower !== null) return { type: 'error', message: lower[1]!, index: last };
  return { type: 'Error', message: lines[last]!.trim(), index: last };
}
