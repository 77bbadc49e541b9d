import type { LanguageModel } from 'ai';
import { boundedFetch, realHttpEffects, type HttpEffects } from '../lib/http-client.ts';
import { checkConfig, type ModelConfig, type Provider } from './config.ts';
import type { Model } from './port.ts';
import { askWith } from './ask.ts';

type Adapter = (config: ModelConfig, fetch: typeof globalThis.fetch) => Promise<LanguageModel>;

/** Loaded when first asked: the SDK takes a while, and most commands ask no model. */
const ADAPTERS: Record<Provider, Adapter> = {
  openai: async (config, fetch) => {
    const { createOpenAI } = await import('@ai-sdk/openai');
    const { apiKey, headers } = config;
    return createOpenAI({
      apiKey,
      baseURL: config.baseUrl ?? 'https://api.openai.com/v1',
      headers,
      fetch,
    }).chat(config.model);
  },
  anthropic: async (config, fetch) => {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    const { apiKey, headers } = config;
    return createAnthropic({
      apiKey,
      baseURL: config.baseUrl ?? 'https://api.anthropic.com/v1',
      headers,
      fetch,
    })(config.model);
  },
  azure: async (config, fetch) => {
    const { createAzure } = await import('@ai-sdk/azure');
    const { apiKey, headers, apiVersion } = config;
    const where =
      config.baseUrl === undefined ? { resourceName: config.resource } : { baseURL: config.baseUrl };
    return createAzure({ ...where, apiKey, headers, apiVersion, fetch }).chat(config.model);
  },
  'openai-compatible': async (config, fetch) => {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const { apiKey, headers } = config;
    return createOpenAICompatible({
      name: 'openai-compatible',
      supportsStructuredOutputs: true,
      baseURL: config.baseUrl!,
      apiKey,
      headers,
      fetch,
    })(config.model);
  },
};

/** A model behind its provider's API. Throws `missing-part` without a key or an address, `usage` for a bad setting. */
export function createModel(config: ModelConfig, effects: Partial<HttpEffects> = {}): Model {
  checkConfig(config);
  const all = { ...realHttpEffects, ...effects };
  let loaded: Promise<LanguageModel> | undefined;
  const load = (): Promise<LanguageModel> =>
    (loaded ??= ADAPTERS[config.provider](
      config,
      boundedFetch("the model's API", config.maxResponseBytes ?? 8 * 1024 * 1024, all.fetch),
    ));
  return {
    provider: config.provider,
    model: config.model,
    ask: async (request) => askWith(await load(), config, request, all),
  };
}
