import { canonicalJson, type Json } from '../lib/json.ts';
import { maskCall } from '../replay/noise.ts';
import type { Call } from '../replay/plan.ts';
import { failingCalls, type Case } from './case.ts';
import type { Behaviour } from './evidence.ts';
import { bodyOf, callsDuring, isUnanswered, statusOf, type Observed } from './observe.ts';

export interface Write {
  protocol: string;
  destination: string;
  canonical: Json;
  summary: string;
}

/** Calls that change something, or may, noise removed, in a fixed order: who ran first at the same time does not count. */
export function writesOf(at: Case, calls: readonly Call[]): Write[] {
  return calls
    .filter((call) => call.writes !== false)
    .map((call) => ({
      protocol: call.protocol,
      destination: call.destination,
      canonical: maskCall(call.protocol, call.canonical, at.noise),
      summary: call.summary,
    }))
    .map((write) => ({ write, key: canonicalJson(write.canonical) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ write }) => write);
}

/** What the candidate does with the failing request and its variants. */
export function behaviourOf(
  at: Case,
  failing: Observed,
  variants: Observed | null,
  names: readonly string[],
): Behaviour {
  const answer = (observed: Observed, id: string): { status: number | null; body: Json } => {
    const response = observed.responses.get(id)?.response;
    return { status: statusOf(response), body: bodyOf(response) };
  };
  // A variant whose calls the recording cannot answer says nothing about the code.
  const answered = (name: string): boolean =>
    variants?.responses.get(name)?.failure === null && !callsDuring(variants, name).some(isUnanswered);
  return {
    ...answer(failing, at.failing.id),
    writes: writesOf(at, failingCalls(at, failing)).map((write) => write.canonical),
    variants: variants
      ? names
          .filter((name) => answered(name))
          .map((name) => ({
            name,
            ...answer(variants, name),
            writes: writesOf(at, callsDuring(variants, name)).map((write) => write.canonical),
          }))
      : [],
  };
}

/**
 * Whether two behaviours are the same to somebody outside, on the variants that both could be asked. Of a server's error only the
 * status counts.
 */
export function sameBehaviour(a: Behaviour, b: Behaviour): boolean {
  const names = new Set(
    b.variants.map(({ name }) => name).filter((name) => a.variants.some((variant) => variant.name === name)),
  );
  return canonicalJson(outside(a, names)) === canonicalJson(outside(b, names));
}

function outside(behaviour: Behaviour, names: ReadonlySet<string>): Json {
  const one = (at: Pick<Behaviour, 'status' | 'body' | 'writes'>): { [key: string]: Json } =>
    at.status === null || at.status >= 500
      ? { status: at.status }
      : { status: at.status, body: at.body, writes: at.writes };
  const variants = behaviour.variants
    .filter(({ name }) => names.has(name))
    .map((variant): Json => [variant.name, one(variant)]);
  return { ...one(behaviour), variants };
}
