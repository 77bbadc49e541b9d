import { messageOf } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { Trace } from './model.ts';
import type { PriceTable } from './prices.ts';

/** Where traces go. A row is written as soon as the call is over, so that a crash afterwards loses no cost. */
export interface TraceSink {
  add(trace: Trace): Promise<void>;
  /**
   * What came of the answer, known only after it was resolved. `outcome` begins with `candidate:` or `refused:` where it
   * was one of these; `repairs` counts what was made good by fault, and is left as it was when left out.
   */
  setOutcome(id: string, outcome: string, repairs?: Trace['repairs']): Promise<void>;
}

/** What a call is told apart by; the rest of the row is measured. */
export interface TraceContext {
  run: string;
  desk: string;
  engine: string;
  operation: string;
  provider: string | null;
  model: string | null;
}

/** What a traced call gives back: a model's answer, or a command's output with `tokens` null. */
export interface TracedAnswer {
  text: string;
  tokens: { input: number; cachedInput: number; output: number } | null;
  /** The id that the provider reports; prices go by it. */
  model?: string;
}

export interface TraceEffects {
  sink: TraceSink;
  prices: PriceTable;
  now?: () => number;
}

/**
 * Runs `call` and writes one row about it, whether it answers or throws; what it throws is thrown on. Returns the
 * answer and the row as written.
 */
export async function traced<A extends TracedAnswer>(
  effects: TraceEffects,
  context: TraceContext,
  prompt: string,
  call: () => Promise<A>,
): Promise<{ answer: A; trace: Trace }> {
  const now = effects.now ?? Date.now;
  const startedAt = now();
  const row = (answer: string, part: Partial<Trace>): Trace => ({
    id: newId('trc', startedAt),
    ...context,
    prompt,
    answer,
    tokens: null,
    costUsd: null,
    prices: null,
    startedAt,
    seconds: (now() - startedAt) / 1000,
    error: null,
    outcome: null,
    repairs: null,
    ...part,
  });
  let answer: A;
  try {
    answer = await call();
  } catch (error) {
    await effects.sink.add(row('', { error: messageOf(error) }));
    throw error;
  }
  const model = answer.model ?? context.model;
  const costUsd =
    answer.tokens && model !== null ? effects.prices.costOf(context.provider, model, answer.tokens) : null;
  const trace = row(answer.text, {
    model,
    tokens: answer.tokens,
    costUsd,
    prices: costUsd === null ? null : effects.prices.version,
  });
  await effects.sink.add(trace);
  return { answer, trace };
}
