import { isObject, parseJson, type Json } from '../lib/json.ts';
import { isSecretName, SECRET_PATTERNS } from '../lib/secrets.ts';
import type { Exchange } from '../protocol/port.ts';

/**
 * Secrets and personal data, replaced by placeholders that say what was there (`[email]`). By form where the form tells
 * (keys, tokens, card numbers), by name where it does not (`password: …`). A value with neither is kept: for text
 * that leaves the machine, send shapes (shape.ts) instead.
 */
export function redactText(text: string): string {
  let out = withoutKnownForms(text);
  out = out.replace(/\b(bearer|basic|digest|negotiate)[ \t]+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 [credentials]');
  out = out.replace(/^([ \t]*(?:set-)?cookie[ \t]*:[ \t]*).+$/gim, '$1[cookie]');
  out = out.replace(/^([ \t]*(?:proxy-)?authorization[ \t]*:[ \t]*).+$/gim, '$1[credentials]');
  out = out.replace(NAMED, (whole, quote: string, name: string, between: string, value: string) =>
    isSecretName(name) && !/^\[[a-z-]+\]?$/.test(value) ? `${quote}${name}${between}[redacted]` : whole,
  );
  out = out.replace(
    /[A-Za-z0-9._%+-]{1,64}(?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b/g,
    '[email]',
  );
  out = out.replace(/(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])/g, (digits) =>
    isCardNumber(digits) ? '[card-number]' : digits,
  );
  return out.replace(/(?<![\w+])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\d)/g, '[phone]');
}

function withoutKnownForms(text: string): string {
  let out = text;
  for (const { name, pattern } of SECRET_PATTERNS)
    out = out.replace(pattern, (whole: string, group: unknown) =>
      typeof group === 'string' ? whole.replace(`:${group}@`, `:[${name}]@`) : `[${name}]`,
    );
  return out;
}

/**
 * Source code that is sent away, readable still: secrets of a known form, and texts given to a secret's name. Code that
 * only speaks of a password (`password: req.body.password`) stays as it is.
 */
export function redactCode(source: string): string {
  return withoutKnownForms(source).replace(
    ASSIGNED,
    (whole, name: string, between: string, quote: string, value: string) =>
      isSecretName(name) && /\d/.test(value) ? `${name}${between}${quote}[redacted]${quote}` : whole,
  );
}

const ASSIGNED = /\b([A-Za-z][\w-]{1,60})(["']?[ \t]*[:=][ \t]*)(["'`])([^"'`\n]{6,500})\3/g;

/** `name=value`, `name: value`, `"name": "value"`, `name = 'value'`: a value up to its quote, or to what ends a plain one. */
const NAMED =
  /(["']?)\b([A-Za-z][A-Za-z0-9_.-]{1,60})(\1[ \t]*[:=][ \t]*["'`]?)((?<=["'`])(?:[^"'`\\\n]|\\.){1,4000}|(?<!["'`])[^\s"'`&;,)}\]]{1,4000})/g;

/** The same for JSON: by the names of members, of header pairs, of columns, and by the form of texts. */
export function redactJson(value: Json): Json {
  if (typeof value === 'string') return redactInner(value);
  if (Array.isArray(value)) return redactArray(value);
  if (!isObject(value)) return value;
  const rows = redactRows(value);
  const out: { [key: string]: Json } = {};
  for (const [key, member] of Object.entries(value)) {
    if (rows !== null && key === 'rows') out[key] = rows;
    else out[key] = isSecretName(key) ? hidden(member) : redactJson(member);
  }
  return out;
}

/** An exchange that may be shown. Ids, times and ends stay. */
export function redactExchange(exchange: Exchange): Exchange {
  const { request, response, summary } = exchange;
  const secret = isObject(request) && typeof request['sql'] === 'string' && speaksOfSecrets(request['sql']);
  return {
    ...exchange,
    request: redactStatement(request),
    response: response === null ? null : redactJson(response),
    // Cut somewhere, so that nobody knows which quotes are open.
    summary: redactText(secret ? summary.replace(/['"][^]*$/, "'[redacted]'") : summary),
  };
}

/** Values have no names: where the statement speaks of a secret column, all of its texts go, bound or written into it. */
function redactStatement(request: Json): Json {
  const out = redactJson(request);
  if (!isObject(out) || !isObject(request) || typeof request['sql'] !== 'string') return out;
  const { sql, params } = request;
  if (!speaksOfSecrets(sql)) return out;
  return {
    ...out,
    // From the first quote to the last: which of those between belong together differs between databases.
    sql: redactText(sql.replace(/'[^]*'/, "'[redacted]'")),
    ...(Array.isArray(params) ? { params: params.map(hiddenParam) } : {}),
  };
}

function speaksOfSecrets(sql: string): boolean {
  return (sql.match(/\w+/g) ?? []).some(isSecretName);
}

function hiddenParam(param: Json): Json {
  return typeof param === 'string' && /^-?\d{1,18}$/.test(param) ? param : hidden(param);
}

function redactArray(value: Json[]): Json[] {
  const [first, second] = value;
  const isPair = value.length === 2 && typeof first === 'string' && typeof second === 'string';
  if (isPair && isSecretName(first)) return [first, '[redacted]'];
  if (typeof first === 'string' && /^(?:auth|hello)$/i.test(first))
    return [first, ...value.slice(1).map(hidden)]; // Redis
  return value.map(redactJson);
}

/** Rows of a result whose columns have names. */
function redactRows(value: { [key: string]: Json }): Json[] | null {
  const { columns, rows } = value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  const secret = columns.map((column) => {
    const name = isObject(column) ? column['name'] : column;
    return typeof name === 'string' && isSecretName(name);
  });
  return rows.map((row) =>
    Array.isArray(row)
      ? row.map((cell, i) => (secret[i] === true ? hidden(cell) : redactJson(cell)))
      : redactJson(row),
  );
}

function hidden(value: Json): Json {
  return value === null ? null : '[redacted]';
}

/** A text that is JSON itself, as bodies are, keeps its form. */
function redactInner(text: string): string {
  if (/^\s*[[{]/.test(text) && text.length < 4_000_000) {
    const inner = parseJson(text);
    if (inner !== undefined) return JSON.stringify(redactJson(inner));
  }
  return redactText(text);
}

/** ISO/IEC 7812-1: 13 to 19 digits and the check digit of Luhn. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
