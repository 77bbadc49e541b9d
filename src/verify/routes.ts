import { isObject, type Json } from '../lib/json.ts';
import { routePattern } from '../incident/server-error.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Slice } from '../record/model.ts';
import { bodyOf, statusOf } from './observe.ts';
import { sameShape } from './shape.ts';

/**
 * Which route a request takes, told from the recording alone: parts of a path that hold a digit are values, and so is a part that was seen with several
 * words and answers of one form (`/articles/hello`, `/articles/mugs`).
 */
export interface Routes {
  /** `POST /orders/:id`. */
  of(exchange: Exchange): string;
}

const known = new WeakMap<Slice, Routes>();

export function routesOf(slice: Slice): Routes {
  const found = known.get(slice);
  if (found) return found;
  const made = learnRoutes(
    slice.exchanges.filter(({ direction, protocol }) => direction === 'inbound' && protocol === 'http1'),
  );
  known.set(slice, made);
  return made;
}

/** Words that were seen at one place of a path, with an answer of each. */
interface Place {
  answers: Map<string, Json>;
}

const MANY = 2;

function learnRoutes(inbound: readonly Exchange[]): Routes {
  const places = new Map<string, Place>();
  for (const exchange of inbound) {
    const status = statusOf(exchange.response);
    if (status === null || status >= 400) continue;
    const parts = partsOf(exchange);
    for (let i = 1; i < parts.length; i++) {
      if (parts[i] === ':id') continue;
      const key = placeKey(exchange, parts, i);
      const place = places.get(key) ?? { answers: new Map() };
      place.answers.set(parts[i]!, bodyOf(exchange.response));
      places.set(key, place);
    }
  }
  const isValue = (key: string): boolean => {
    const answers = [...(places.get(key)?.answers.values() ?? [])];
    return answers.some(
      (one, i) =>
        answers.filter((other, j) => j !== i && isObject(one) && sameShape(one, other)).length >= MANY - 1,
    );
  };
  return {
    of(exchange) {
      const parts = partsOf(exchange);
      const shown = parts.map((part, i) =>
        i > 0 && part !== ':id' && isValue(placeKey(exchange, parts, i)) ? ':id' : part,
      );
      return parts.length === 0 ? exchange.summary : `${methodOf(exchange)} /${shown.join('/')}`;
    },
  };
}

function placeKey(exchange: Exchange, parts: readonly string[], at: number): string {
  return `${methodOf(exchange)} ${parts.map((part, i) => (i === at ? '*' : part)).join('/')}`;
}

function methodOf({ request }: Exchange): string {
  return isObject(request) && typeof request['method'] === 'string' ? request['method'] : '';
}

function partsOf({ request }: Exchange): string[] {
  if (!isObject(request) || typeof request['target'] !== 'string') return [];
  const parts = routePattern(request['target']).split('/').slice(1);
  return parts.length === 1 && parts[0] === '' ? [''] : parts;
}
