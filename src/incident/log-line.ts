import { isObject, parseJson, type Json } from '../lib/json.ts';

const MAX_DEPTH = 8;
const MAX_NODES = 5000;
const MAX_STACKS = 8;

/** A stack that a log line carries as one text; `nested` when it is the cause of the one before it. */
export interface CarriedStack {
  text: string;
  nested: boolean;
}

/**
 * The stacks inside one structured log line: JSON (pino, bunyan, winston …) at any member, else quoted texts with
 * escaped newlines (logfmt, JSON behind a prefix, JSON that was cut). Empty for a line that carries none.
 */
export function stacksInLine(line: string): CarriedStack[] {
  if (!line.includes('\\n') && !line.includes('"stack"')) return [];
  if (!/\\n\s*at |\\n\s*File |"stack"/.test(line)) return [];
  const start = line.indexOf('{');
  const json = start === -1 ? undefined : parseJson(line.slice(start).trim());
  if (json === undefined) return quotedStacks(line);
  const found: CarriedStack[] = [];
  const seen = new Set<string>();
  let nodes = 0;
  visit(json, 0, false);
  return found;

  function visit(value: Json, depth: number, nested: boolean): void {
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES || found.length >= MAX_STACKS) return;
    if (typeof value === 'string') return add(value, nested);
    if (Array.isArray(value)) {
      if (value.length > 1 && value.every((one) => typeof one === 'string'))
        return add(textOf(value), nested);
      for (const one of value) visit(one, depth + 1, nested);
    } else if (isObject(value)) {
      // The stack first: what else an error object holds hangs below it.
      const own = typeof value['stack'] === 'string' || Array.isArray(value['stack']);
      if (own) visit(withHead(value), depth + 1, nested);
      for (const [key, member] of Object.entries(value)) {
        if (own && key === 'stack') continue;
        visit(
          member,
          depth + 1,
          nested || (own && /^(?:cause|errors|aggregateErrors|innerErrors?|original)$/.test(key)),
        );
      }
    }
  }

  function add(text: string, nested: boolean): void {
    if (!looksLikeStack(text) || seen.has(text)) return;
    seen.add(text);
    found.push({ text, nested });
  }
}

/** The stack of a logged error. Some loggers keep the frames only, and the class and message beside them. */
function withHead(error: { [key: string]: Json }): string {
  const { stack, name, type, message } = error;
  const text = textOf(stack);
  if (!/^\s*at /.test(text)) return text;
  const named = [name, type].find((one) => typeof one === 'string') ?? 'Error';
  return `${String(named)}: ${typeof message === 'string' ? message : ''}\n${text}`;
}

/** A text, or the lines of one. */
function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  const lines = value.slice(0, 100).filter((one): one is string => typeof one === 'string');
  return lines.join('\n');
}

function quotedStacks(line: string): CarriedStack[] {
  const found: CarriedStack[] = [];
  let done = 0;
  for (const at of line.matchAll(/\\n\s*(?:at |File )/g)) {
    if (found.length >= MAX_STACKS) break;
    if (at.index < done) continue;
    const start = openingQuote(line, at.index);
    const { end, next } = closingQuote(line, at.index);
    done = next;
    const text = parseJson(`"${line.slice(start, end).replace(/\\(?!["\\/bfnrtu])/g, '')}"`);
    if (typeof text === 'string' && looksLikeStack(text) && !found.some((one) => one.text === text)) {
      found.push({ text, nested: false });
    }
  }
  return found;
}

function openingQuote(line: string, from: number): number {
  const floor = Math.max(0, from - 4000);
  for (let at = from; at > floor; at--) if (line[at] === '"' && line[at - 1] !== '\\') return at + 1;
  return floor;
}

/** Where the quoted text ends, and where to go on looking. */
function closingQuote(line: string, from: number): { end: number; next: number } {
  const ceiling = Math.min(line.length, from + 16_000);
  for (let at = from; at < ceiling; at++) {
    if (line[at] === '\\') at++;
    else if (line[at] === '"') return { end: at, next: at };
  }
  // Cut in the middle: the last line of it is not whole.
  const cut = line.lastIndexOf('\\n', ceiling);
  return { end: cut > from ? cut : ceiling, next: ceiling };
}

function looksLikeStack(text: string): boolean {
  return /\n\s*at .+[:)]/.test(text) || text.includes('Traceback (most recent call last):');
}
