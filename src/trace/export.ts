import type { Json } from '../lib/json.ts';
import type { Trace } from './model.ts';

/** A span as OTLP's JSON has it (opentelemetry-proto, trace.proto), with the attributes of the GenAI conventions. */
export interface GenAiSpan {
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: 0 | 2; message?: string };
  attributes: Record<string, Json>;
}

/**
 * OpenTelemetry's GenAI semantic conventions. `gen_ai.usage.input_tokens` includes the cached ones, as the conventions
 * have it. Prompt and answer are left out unless asked for: they may be long, and not everyone may see them.
 */
export function toGenAiSpan(trace: Trace, options: { content?: boolean } = {}): GenAiSpan {
  const attributes: Record<string, Json> = {
    'gen_ai.operation.name': trace.operation,
    'vouch.run': trace.run,
    'vouch.desk': trace.desk,
    'vouch.engine': trace.engine,
    'vouch.trace': trace.id,
  };
  const set = (name: string, value: Json | null | undefined): void => {
    if (value !== null && value !== undefined) attributes[name] = value;
  };
  set('gen_ai.provider.name', trace.provider);
  set('gen_ai.request.model', trace.model);
  set('gen_ai.response.model', trace.model);
  set('gen_ai.usage.input_tokens', trace.tokens?.input);
  set('gen_ai.usage.cache_read.input_tokens', trace.tokens?.cachedInput);
  set('gen_ai.usage.output_tokens', trace.tokens?.output);
  set('vouch.cost_usd', trace.costUsd);
  set('vouch.prices', trace.prices);
  set('vouch.outcome', trace.outcome);
  if (trace.error !== null) set('error.type', '_OTHER');
  if (options.content === true) {
    set(
      'gen_ai.input.messages',
      JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: trace.prompt }] }]),
    );
    set(
      'gen_ai.output.messages',
      JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: trace.answer }] }]),
    );
  }
  return {
    name: trace.model === null ? trace.operation : `${trace.operation} ${trace.model}`,
    startTimeUnixNano: nanos(trace.startedAt),
    endTimeUnixNano: nanos(trace.startedAt + trace.seconds * 1000),
    status: trace.error === null ? { code: 0 } : { code: 2, message: trace.error },
    attributes,
  };
}

/** Milliseconds with fractions as nanoseconds; a double cannot hold these. */
function nanos(ms: number): string {
  return `${BigInt(Math.round(ms * 1000)) * 1000n}`;
}
