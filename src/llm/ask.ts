import { APICallError, type LanguageModel } from 'ai';
import { messageOf, VouchError } from '../lib/errors.ts';
import { backoffMs, causeOf, retryAfterMs, type HttpEffects } from '../lib/http-client.ts';
import type { ModelConfig } from './config.ts';
import type { ModelAnswer, ModelRequest } from './port.ts';

/** Longest wait before another try; a provider that asks for more is not waited for. */
const MAX_WAIT_MS = 60_000;

/** One question, with bounded tries. The SDK's own retries are off: ours have one deadline and one clock. */
export async function askWith(
  model: LanguageModel,
  config: ModelConfig,
  request: ModelRequest,
  effects: HttpEffects,
): Promise<ModelAnswer> {
  const startedAt = effects.now();
  const retries = config.retries ?? 3;
  for (let attempt = 0; ; attempt++) {
    if (request.signal.aborted) throw stopped(config);
    try {
      return await once(model, config, request, effects, startedAt);
    } catch (error) {
      if (request.signal.aborted) throw stopped(config);
      const failure = translate(error, config, effects.now());
      if (!failure.again || attempt >= retries) throw failure.error;
      const wait = failure.waitMs ?? backoffMs(attempt, effects.random);
      if (wait > MAX_WAIT_MS)
        throw new VouchError(
          'unavailable',
          `${failure.error.message}; it asks to wait ${Math.round(wait / 1000)} s`,
          {
            cause: error,
          },
        );
      try {
        await effects.sleep(wait, request.signal);
      } catch {
        throw stopped(config);
      }
    }
  }
}

async function once(
  model: LanguageModel,
  config: ModelConfig,
  request: ModelRequest,
  effects: HttpEffects,
  startedAt: number,
): Promise<ModelAnswer> {
  const { generateText, jsonSchema, NoObjectGeneratedError, Output } = await import('ai');
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false }); // it would print an ignored setting, once a call
  const timeout = AbortSignal.timeout(config.timeoutMs ?? 120_000);
  const said = await generateText({
    model,
    instructions: request.system,
    prompt: request.prompt,
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    maxRetries: 0,
    abortSignal: AbortSignal.any([request.signal, timeout]),
    ...(request.output && {
      output: Output.object({ schema: jsonSchema(request.output.schema), name: request.output.name }),
    }),
  }).catch((error: unknown) => {
    // An answer that is not of the form is an answer: whoever asked reads it, and it was paid for.
    if (NoObjectGeneratedError.isInstance(error)) return error;
    throw error;
  });
  const { usage, finishReason, response } = said;
  return {
    text: said.text ?? '',
    finish: finishReason === 'stop' || finishReason === 'length' ? finishReason : 'other',
    tokens: {
      input: usage?.inputTokens ?? 0,
      cachedInput: usage?.inputTokenDetails.cacheReadTokens ?? 0,
      output: usage?.outputTokens ?? 0,
    },
    seconds: (effects.now() - startedAt) / 1000,
    model: response?.modelId ?? config.model,
  };
}

interface Failure {
  error: VouchError;
  again: boolean;
  waitMs: number | null;
}

function translate(error: unknown, config: ModelConfig, now: number): Failure {
  const name = `llm ${config.provider}/${config.model}`;
  const ours = causeOf(error, (one): one is VouchError => one instanceof VouchError);
  if (ours)
    return { error: new VouchError(ours.code, `${name}: ${ours.message}`, ours), again: false, waitMs: null };
  if (isTimeout(error)) {
    const seconds = (config.timeoutMs ?? 120_000) / 1000;
    return fail('unavailable', `${name}: no answer within ${seconds} s`, true);
  }
  const call = causeOf(error, (one): one is APICallError => APICallError.isInstance(one));
  if (call?.statusCode === undefined)
    return fail('unavailable', `${name}: ${short(messageOf(error))}`, call !== undefined);
  const status = call.statusCode;
  const said = `${name}: HTTP ${status}: ${short(call.message)}`;
  if (status >= 200 && status < 300)
    return fail(
      'unavailable',
      `${name}: the answer is not what the API promises: ${short(call.message)}`,
      true,
    );
  if (status === 401 || status === 403)
    return fail('usage', said, false, 'check the key and what it may use');
  if (status === 404) return fail('usage', said, false, 'check llm.model and llm.baseUrl');
  const again = status === 408 || status === 409 || status === 429 || status >= 500;
  return {
    ...fail(again ? 'unavailable' : 'usage', said, again),
    waitMs: retryAfterMs(call.responseHeaders ?? {}, now),
  };

  function fail(code: 'unavailable' | 'usage', message: string, again: boolean, hint?: string): Failure {
    return {
      error: new VouchError(code, message, { cause: error, ...(hint === undefined ? {} : { hint }) }),
      again,
      waitMs: null,
    };
  }
}

function stopped(config: ModelConfig): VouchError {
  return new VouchError('unavailable', `llm ${config.provider}/${config.model}: stopped before it answered`);
}

function isTimeout(error: unknown): boolean {
  return (
    causeOf(error, (one): one is Error => one instanceof Error && one.name === 'TimeoutError') !== undefined
  );
}

function short(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
