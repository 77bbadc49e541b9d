import { isObject, parseJson, type Json } from '../lib/json.ts';
import type { Asked } from '../replay/make-plan.ts';
import type { Case } from './case.ts';

/**
 * A request a little different from the one that failed. `kind` `request`: the client asks otherwise; a good fix raises no 5xx on it.
 * `answer`: the world answers otherwise; only used to tell rivals apart.
 */
export interface Variant {
  name: string;
  kind: 'request' | 'answer';
  asked: Asked;
}

const MOST_OF_A_KIND = 10;
/** Of two values of one kind, what holds for one often has to hold for the other. */
const MOST_EXCHANGED = 3;

/** Fields of the body and the query exchanged, removed, nulled, retyped; values of the recorded answers moved in sign, size and presence. */
export function variantsOf(at: Case): Variant[] {
  const { request } = at.failing;
  const exchanged = [...exchangedInBody(request), ...exchangedInQuery(request)].slice(0, MOST_EXCHANGED);
  const others = [...bodyVariants(request), ...queryVariants(request)].slice(0, MOST_OF_A_KIND);
  const variants: Variant[] = [...others, ...exchanged].map(({ name, request }) => ({
    name,
    kind: 'request',
    asked: { exchange: at.failing, id: name, request },
  }));
  for (const { name, answers } of answerVariants(at).slice(0, MOST_OF_A_KIND)) {
    variants.push({ name, kind: 'answer', asked: { exchange: at.failing, id: name, answers } });
  }
  return variants;
}

interface Changed {
  name: string;
  request: Json;
}

/** The request's body if it is a JSON object, and the request with another one. */
function bodyOf(request: Json): { body: Record<string, Json>; withBody: (body: Json) => Json } | undefined {
  if (!isObject(request) || !isObject(request['body']) || typeof request['body']['text'] !== 'string')
    return undefined;
  const body = parseJson(request['body']['text']);
  if (!isObject(body)) return undefined;
  return {
    body,
    withBody: (other) => ({ ...request, body: { text: JSON.stringify(other) }, encoding: null }),
  };
}

/** The request's parameters, and the request with others. */
function queryOf(
  request: Json,
): { params: URLSearchParams; withParams: (params: URLSearchParams) => Json } | undefined {
  if (!isObject(request) || typeof request['target'] !== 'string') return undefined;
  const [path, query] = request['target'].split('?', 2) as [string, string | undefined];
  if (query === undefined) return undefined;
  return {
    params: new URLSearchParams(query),
    withParams: (other) => ({
      ...request,
      target: other.size === 0 ? path : `${path}?${other.toString()}`,
    }),
  };
}

function bodyVariants(request: Json): Changed[] {
  const found = bodyOf(request);
  if (!found) return [];
  const { body, withBody } = found;
  return Object.entries(body)
    .slice(0, 6)
    .flatMap(([key, value]) => {
      const { [key]: _, ...without } = body;
      return [
        { name: `without ${key}`, request: withBody(without) },
        { name: `${key} null`, request: withBody({ ...body, [key]: null }) },
        { name: `${key} retyped`, request: withBody({ ...body, [key]: retyped(value) }) },
      ];
    });
}

function queryVariants(request: Json): Changed[] {
  const found = queryOf(request);
  if (!found) return [];
  const { params, withParams } = found;
  return [...new Set(params.keys())].slice(0, 4).flatMap((name) => {
    const without = new URLSearchParams(params);
    without.delete(name);
    const retypedParams = new URLSearchParams(params);
    retypedParams.set(name, /^\d+$/.test(params.get(name) ?? '') ? 'x' : '7');
    return [
      { name: `without ?${name}`, request: withParams(without) },
      { name: `?${name} retyped`, request: withParams(retypedParams) },
    ];
  });
}

function exchangedInBody(request: Json): Changed[] {
  const found = bodyOf(request);
  if (!found) return [];
  const { body, withBody } = found;
  return pairsOf(Object.entries(body)).map(([[a, one], [b, other]]) => ({
    name: `${a} and ${b} exchanged`,
    request: withBody({ ...body, [a]: other, [b]: one }),
  }));
}

function exchangedInQuery(request: Json): Changed[] {
  const found = queryOf(request);
  if (!found) return [];
  const { params, withParams } = found;
  return pairsOf([...params]).map(([[a, one], [b, other]]) => {
    const exchanged = new URLSearchParams(params);
    exchanged.set(a, other);
    exchanged.set(b, one);
    return { name: `?${a} and ?${b} exchanged`, request: withParams(exchanged) };
  });
}

/** Pairs of texts or of numbers that are not the same. */
function pairsOf<T extends Json>(members: readonly [string, T][]): [[string, T], [string, T]][] {
  const few = members.slice(0, 6);
  return few.flatMap((one, i) =>
    few
      .slice(i + 1)
      .filter(
        ([, value]) =>
          typeof value === typeof one[1] &&
          value !== one[1] &&
          (typeof value === 'string' || typeof value === 'number'),
      )
      .map((other): [[string, T], [string, T]] => [one, other]),
  );
}

function retyped(value: Json): Json {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : 7;
  if (typeof value === 'boolean') return 'yes';
  if (Array.isArray(value)) return {};
  return value === null ? 'x' : [];
}

/** One changed value at a time, in the answers that the failing request got. */
function answerVariants(at: Case): { name: string; answers: Record<string, Json> }[] {
  const calls = new Set(at.slice.callsOf[at.failing.id] ?? []);
  const found: { name: string; answers: Record<string, Json> }[] = [];
  for (const exchange of at.slice.exchanges) {
    if (!calls.has(exchange.id) || exchange.response === null) continue;
    for (const { path, value } of movedValues(exchange.response)) {
      found.push({ name: `${exchange.id} ${path}`, answers: { [exchange.id]: value } });
    }
  }
  return found;
}

/** Copies of a response in which one number has another sign, or size. Numbers inside JSON text and column text count. */
function movedValues(response: Json): { path: string; value: Json }[] {
  const found: { path: string; value: Json }[] = [];
  walk(response, '', (changed) => changed);
  return found;

  function walk(value: Json, path: string, rebuild: (changed: Json) => Json): void {
    if (found.length >= MOST_OF_A_KIND || path.split('.').length > 8) return;
    const last = path.slice(path.lastIndexOf('.') + 1);
    if (
      typeof value === 'number' &&
      !/^(status|oid|type|size|modifier|format|attribute|table|id)$|_?id$/i.test(last)
    ) {
      found.push(
        { path: `${path} negated`, value: rebuild(-value - 1) },
        { path: `${path} large`, value: rebuild(value * 1000 + 7) },
      );
    } else if (typeof value === 'string') {
      const json = /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
      if (json !== undefined) walk(json, `${path}`, (changed) => rebuild(JSON.stringify(changed)));
      else if (/^-?\d+(\.\d+)?$/.test(value) && /\brows\b/.test(path)) {
        found.push({
          path: `${path} negated`,
          value: rebuild(value.startsWith('-') ? value.slice(1) : `-${value}`),
        });
        found.push({ path: `${path} large`, value: rebuild(`${value}7`) });
      }
    } else if (Array.isArray(value)) {
      value
        .slice(0, 4)
        .forEach((item, i) =>
          walk(item, join(path, String(i)), (changed) => rebuild(value.with(i, changed))),
        );
    } else if (isObject(value)) {
      for (const [key, member] of Object.entries(value)) {
        if (/^(columns|headers|status|tag|notices|transaction|reason|encoding)$/.test(key)) continue;
        walk(member, join(path, key), (changed) => rebuild({ ...value, [key]: changed }));
      }
    }
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
