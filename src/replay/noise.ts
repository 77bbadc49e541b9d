import { differences, isObject, type Json } from '../lib/json.ts';
import { callClass, withoutGenerated } from './call-class.ts';

/**
 * What differs by itself between runs of the same code. For calls it is kept by class (see `callClass`), for responses by route.
 * A rule is a path; `PATH#tokens` means that only what looks generated inside the text at that path differs, so the rest of the text
 * still counts.
 */
export type NoiseRules = ReadonlySet<string>;

const TOKENS = '#tokens';
const MASK = '\u0000noise';

/** `rows.0.id` → `rows.*.id`, but positions of parameters and arguments keep their number: they mean something. */
export function generalise(path: string): string {
  const parts = path.split('.');
  return parts
    .map((part, i) => (/^\d+$/.test(part) && !(i === 1 && /^(params|args)$/.test(parts[0]!)) ? '*' : part))
    .join('.');
}

/** Never noise as a whole, whatever differs: then there would be nothing left to compare. */
const NEVER_WHOLE = new Set(['', 'status', 'body']);

/**
 * The rules that make several equal runs of one thing equal, as far as rules may: the whole value never becomes one, nor do a status or
 * a body; of a body that is a text, what looks generated in it.
 */
export function learn(values: readonly Json[]): string[] {
  const rules = new Set<string>();
  const [first, ...others] = values;
  for (const other of others) {
    for (const { path, before, after } of differences(first, other, 500)) {
      const tokens =
        typeof before === 'string' &&
        typeof after === 'string' &&
        withoutGenerated(before) === withoutGenerated(after);
      if (path === '' || (NEVER_WHOLE.has(path) && !tokens)) continue;
      rules.add(generalise(path) + (tokens ? TOKENS : ''));
    }
  }
  return [...rules];
}

/** A copy of `value` with a mark in place of what is noise. The root is never replaced. */
export function mask(value: Json, rules: NoiseRules): Json {
  if (rules.size === 0) return value;
  return walk(value, '');

  function walk(at: Json, path: string): Json {
    const rule = generalise(path);
    if (path !== '' && rules.has(rule)) return MASK;
    if (path !== '' && typeof at === 'string' && rules.has(rule + TOKENS)) return withoutGenerated(at);
    if (Array.isArray(at)) return at.map((item, i) => walk(item, join(path, String(i))));
    if (isObject(at))
      return Object.fromEntries(
        Object.entries(at).map(([key, member]) => [key, walk(member, join(path, key))]),
      );
    return at;
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Noise of calls, by class. Plain data, so that it can go into a plan. */
export type CallNoise = Record<string, string[]>;

export function maskCall(protocol: string, canonical: Json, noise: CallNoise): Json {
  const rules = noise[callClass(protocol, canonical)];
  return rules ? mask(canonical, new Set(rules)) : canonical;
}

interface SeenCall {
  protocol: string;
  canonical: Json;
  /** The nearest recorded call, as canonical value; undefined if it was answered exactly. */
  recorded: Json | undefined;
}

/**
 * Learns from two equal runs: where the calls of one class differ between them *and* from what was recorded, by position in the run.
 * Returns the noise with what was learned added, and whether anything was.
 */
export function learnCalls(
  a: readonly SeenCall[],
  b: readonly SeenCall[],
  noise: CallNoise,
): { noise: CallNoise; learned: boolean } {
  const next: CallNoise = structuredClone(noise);
  let learned = false;
  const waiting = new Map<string, SeenCall[]>();
  for (const call of b) {
    const key = callClass(call.protocol, call.canonical);
    waiting.set(key, [...(waiting.get(key) ?? []), call]);
  }
  for (const call of a) {
    const key = callClass(call.protocol, call.canonical);
    const twin = waiting.get(key)?.shift();
    if (!twin || call.recorded === undefined || callClass(call.protocol, call.recorded) !== key) continue;
    const between = new Set(learn([call.canonical, twin.canonical]));
    const fromRecording = learn([call.recorded, call.canonical]);
    for (const rule of fromRecording) {
      const base = rule.replace(TOKENS, '');
      if (!between.has(base) && !between.has(base + TOKENS)) continue;
      const known = (next[key] ??= []);
      if (known.includes(rule)) continue;
      known.push(rule);
      learned = true;
    }
  }
  return { noise: next, learned };
}
