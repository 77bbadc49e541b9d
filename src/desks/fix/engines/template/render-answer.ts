import { findAll, isIdentifier, isMember, leaves, type Node, type NodeOf } from '../../locate/ast.ts';
import { singular, type Handler, type HandlerKind } from '../../locate/routes.ts';
import type { Source } from '../../locate/source.ts';
import { type ErrorAnswer } from './answer-model.ts';

export interface Wanted {
  source: Source;
  /** Where it will stand: what is in scope there. */
  at: Node;
  status: number;
  /** What is missing or wrong: `user`, `coupon`, `limit`. */
  entity: string | null;
  handler: Handler | null;
  /** It was left out of the request, so "… is required" is true of it. */
  absent?: boolean;
  /** Other words for it, which a model's message may use as it is. */
  also?: readonly string[];
  /** The call that throws and is to be caught: an answer of a `catch` around such a call fits best. */
  parser?: string;
  /** See `Incident.thrownStatus`. */
  thrownStatus?: 'status' | 'statusCode' | null;
}

export interface Rendered {
  /** Lines of statements that answer and leave. */
  text: string;
  braces: boolean;
  /** The answer that it was modelled on; null where only the framework's usual form is known. */
  like: ErrorAnswer | null;
  /** The model had this status itself. */
  sameStatus: boolean;
}

/** An error answer for another place, in the words and form of the app's own nearest one. */
export function renderAnswer(answers: readonly ErrorAnswer[], wanted: Wanted): Rendered | undefined {
  const scored = answers
    .map((answer) => ({ answer, score: fitness(answer, wanted) }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score);
  const best = scored[0]?.answer;
  if (best === undefined) {
    const text = usual(wanted);
    return text === undefined
      ? undefined
      : { text, braces: text.includes('\n'), like: null, sameStatus: false };
  }
  return {
    text: transplant(best, wanted),
    braces: best.braces || best.statements.length > 1,
    like: best,
    sameStatus: best.status === wanted.status,
  };
}

function fitness(answer: ErrorAnswer, wanted: Wanted): number {
  if (
    answer.status !== wanted.status &&
    (answer.statusAt === null || answer.status >= 500 !== wanted.status >= 500)
  ) {
    if (answer.statusAt === null || answer.handler === null) return 0;
  }
  if (
    !answer.throws &&
    (wanted.handler === null || answer.handler === null || answer.handler.kind !== wanted.handler.kind)
  )
    return 0;
  const names = renames(answer, wanted);
  const visible = wanted.source.scopes.visible(wanted.at);
  const sameFile = answer.source === wanted.source;
  for (const name of answer.free) {
    const to = names.get(name) ?? name;
    const there = visible.get(to);
    // The response may be a parameter that is still to be added.
    if (there === undefined && names.has(name) && to === wanted.handler?.response) continue;
    if (there === undefined) return 0;
    if (names.has(name)) continue;
    const here = answer.source.scopes.resolve(name, answer.statements[0]!);
    if (sameFile ? here !== there : here?.scope.parent !== null || there.scope.parent !== null) return 0;
  }
  let score = 1;
  if (answer.status === wanted.status) score += 40;
  if (sameFile) score += 12;
  if (wanted.parser !== undefined && answer.catches.has(wanted.parser)) score += 25;
  if (answer.handler?.node === wanted.handler?.node && wanted.handler !== null) score += 6;
  if (wanted.status === 404 && answer.missing) score += 4;
  if (
    wanted.entity !== null &&
    (answer.entity === wanted.entity ||
      answer.messages.some((each) => each.value.toLowerCase().includes(wanted.entity!.toLowerCase())))
  )
    score += 8;
  else if (
    wanted.also?.some((word) => answer.messages.some((each) => each.value.toLowerCase().includes(word))) ===
    true
  )
    score += 7;
  if (answer.throws && wanted.handler !== null) score -= 2;
  if (Math.floor(answer.status / 100) === Math.floor(wanted.status / 100)) score += 3;
  return score - answer.statements.length * 0.5 - answer.free.size * 0.2;
}

function renames(answer: ErrorAnswer, wanted: Wanted): Map<string, string> {
  const names = new Map<string, string>();
  if (answer.handler === null || wanted.handler === null) return names;
  for (const part of ['request', 'response', 'next'] as const) {
    const from = answer.handler[part];
    const to = wanted.handler[part];
    if (from !== null && to !== null && answer.free.has(from)) names.set(from, to);
  }
  return names;
}

const MESSAGES: Record<number, (entity: string | null) => string> = {
  400: (entity) => (entity === null ? 'invalid request' : `invalid ${entity}`),
  401: () => 'unauthorized',
  404: (entity) => (entity === null ? 'not found' : `${entity} not found`),
  409: (entity) => (entity === null ? 'already exists' : `${entity} already exists`),
  422: (entity) => (entity === null ? 'invalid request' : `invalid ${entity}`),
  502: () => 'bad gateway',
  504: () => 'upstream timed out',
};

function usualMessage(status: number, entity: string | null): string {
  return (MESSAGES[status] ?? (() => 'error'))(entity);
}

function transplant(answer: ErrorAnswer, wanted: Wanted): string {
  const { source } = answer;
  const names = renames(answer, wanted);
  const base = source.indentOf(answer.statements[0]!);
  const changes: { start: number; end: number; text: string }[] = [];
  for (const statement of answer.statements) {
    for (const id of findAll(statement, isIdentifier as (node: Node) => node is NodeOf<'Identifier'>)) {
      const parent = source.parent(id);
      if (parent !== undefined && isMember(parent) && parent.property === id && !parent.computed) continue;
      const to = names.get(id.name);
      if (to !== undefined && to !== id.name) changes.push({ start: id.start, end: id.end, text: to });
    }
  }
  if (answer.statusAt !== null && answer.status !== wanted.status)
    changes.push({ ...answer.statusAt, text: String(wanted.status) });
  const message = answer.messages.at(-1);
  const words = message === undefined ? undefined : messageFor(answer, wanted, message.value);
  if (message !== undefined && words !== undefined)
    changes.push({ start: message.start, end: message.end, text: quoted(wanted.source, words) });
  const texts = answer.statements.map((statement) => {
    let text = '';
    let at = statement.start;
    for (const change of changes
      .filter((each) => each.start >= statement.start && each.end <= statement.end)
      .sort((a, b) => a.start - b.start)) {
      if (change.start < at) continue;
      text += source.text.slice(at, change.start) + change.text;
      at = change.end;
    }
    text += source.text.slice(at, statement.end);
    return text.replaceAll('\r\n', '\n').replaceAll(`\n${base}`, '\n');
  });
  const last = answer.statements.at(-1)!;
  if (!leaves(last)) {
    const end = wanted.source.style.semicolon;
    if (last.type === 'ExpressionStatement' && wanted.handler?.kind !== 'koa')
      texts[texts.length - 1] = `return ${texts.at(-1)!}`;
    else texts.push(`return${end}`);
  }
  return texts.join('\n');
}

/** Other words only where the model's do not fit: another status, or another thing that is missing. */
function messageFor(answer: ErrorAnswer, wanted: Wanted, message: string): string | undefined {
  const like = (text: string): string => {
    if (/^[a-z0-9]+(?:_[a-z0-9]+)+$/.test(message)) return text.replaceAll(' ', '_');
    if (/^[A-Z0-9]+(?:_[A-Z0-9]+)*$/.test(message)) return text.toUpperCase().replaceAll(' ', '_');
    return /^[A-Z]/.test(message) ? text[0]!.toUpperCase() + text.slice(1) : text;
  };
  if (answer.status !== wanted.status) return like(usualMessage(wanted.status, wanted.entity));
  if (wanted.parser !== undefined && answer.catches.has(wanted.parser)) return undefined;
  const names = (word: string | null): boolean =>
    word !== null && new RegExp(`(?:^|[^A-Za-z])${word}(?:$|[^A-Za-z])`, 'i').test(message);
  if (wanted.entity === null)
    return names(answer.entity) || names(answer.tested) ? like(usualMessage(wanted.status, null)) : undefined;
  if (
    wanted.status < 500 &&
    wanted.status !== 404 &&
    answer.tested !== null &&
    answer.tested !== wanted.entity &&
    names(answer.tested)
  ) {
    if (wanted.absent !== true && /required|missing|empty|must/i.test(message))
      return like(usualMessage(wanted.status, wanted.entity));
    return message.replace(
      new RegExp(`(^|[^A-Za-z])${answer.tested}(?=$|[^A-Za-z])`),
      (_, before: string) => before + wanted.entity!,
    );
  }
  if (wanted.status === 404 && wanted.also?.some(names) === true) return undefined;
  if (names(wanted.entity) && (wanted.absent === true || !/required|missing/i.test(message)))
    return undefined;
  const words = message.split(/(\W+|_)/);
  const at =
    answer.entity === null
      ? -1
      : words.findIndex((word) => singular(word.toLowerCase()) === answer.entity!.toLowerCase());
  if (at >= 0) {
    const first = words[at]!;
    words[at] = /^[A-Z]/.test(first)
      ? wanted.entity[0]!.toUpperCase() + wanted.entity.slice(1)
      : wanted.entity;
    return words.join('');
  }
  // The words for another field or thing would mislead; words that name nothing are fine for all.
  if (wanted.status === 404) {
    const generic = /^(?:\W|_)*not?(?:\W|_)*found\W*$/i.test(message);
    return generic ? undefined : like(usualMessage(404, wanted.entity));
  }
  if (wanted.status === 502 || wanted.status >= 500) return undefined;
  const generic =
    /^(?:bad|invalid|malformed)(?:[ _-](?:request|input|body|payload|data|parameters?))?$/i.test(message);
  return generic ? undefined : like(usualMessage(wanted.status, wanted.entity));
}

export function quoted(source: Source, text: string): string {
  const { quote } = source.style;
  return `${quote}${text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`;
}

/** The framework's own way, for an app that answers no error anywhere. */
function usual(wanted: Wanted): string | undefined {
  const { handler, source, status } = wanted;
  const end = source.style.semicolon;
  if (handler === null) {
    const property = wanted.thrownStatus ?? null;
    return property === null
      ? undefined
      : `throw Object.assign(new Error(${quoted(source, usualMessage(status, wanted.entity))}), { ${property}: ${status} })${end}`;
  }
  const body = `{ error: ${quoted(source, usualMessage(status, wanted.entity))} }`;
  const forms: Record<HandlerKind, string | undefined> = {
    express:
      handler.response === null
        ? undefined
        : `return ${handler.response}.status(${status}).json(${body})${end}`,
    fastify:
      handler.response === null
        ? undefined
        : `return ${handler.response}.code(${status}).send(${body})${end}`,
    koa: `${handler.request}.status = ${status}${end}\n${handler.request}.body = ${body}${end}\nreturn${end}`,
    hono: `return ${handler.request}.json(${body}, ${status})${end}`,
    http:
      handler.response === null
        ? undefined
        : `${handler.response}.writeHead(${status}, { ${quoted(source, 'content-type')}: ${quoted(source, 'application/json')} })${end}\nreturn ${handler.response}.end(JSON.stringify(${body}))${end}`,
  };
  return forms[handler.kind];
}

/** `if (TEST) ANSWER` in the model's form: on one line, or with braces. */
export function guardText(source: Source, test: string, answer: { text: string; braces: boolean }): string {
  if (!answer.braces && !answer.text.includes('\n')) return `if (${test}) ${answer.text}`;
  const { indent } = source.style;
  const lines = answer.text.split('\n').map((line) => indent + line);
  return `if (${test}) {\n${lines.join('\n')}\n}`;
}
