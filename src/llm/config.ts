import { VouchError } from '../lib/errors.ts';
import { apiBase } from '../lib/http-client.ts';

const PROVIDERS = ['openai', 'anthropic', 'azure', 'openai-compatible'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface ModelConfig {
  provider: Provider;
  /** The provider's name of the model; for azure the deployment. */
  model: string;
  apiKey?: string;
  /** Where the API is. Needed for `openai-compatible` (Ollama: `http://127.0.0.1:11434/v1`) and, or `resource`, for azure. */
  baseUrl?: string;
  /** Azure: the resource's name, instead of `baseUrl`. */
  resource?: string;
  /** Azure: API version; its default is the SDK's. */
  apiVersion?: string;
  headers?: Record<string, string>;
  /** Milliseconds for one try. Default 120 s. */
  timeoutMs?: number;
  /** Tries after the first for 408, 409, 429, 5xx and broken connections. Default 3. */
  retries?: number;
  /** Bytes of a response. Default 8 MiB. */
  maxResponseBytes?: number;
}

/** One line that says why there is no model to ask, or null if there is one. */
export function whyNoModel(config: ModelConfig | null): string | null {
  if (config === null || (config.provider !== 'openai-compatible' && !config.apiKey))
    return 'llm: no key; set OPENAI_API_KEY or ANTHROPIC_API_KEY, or `vouch config set llm.baseUrl URL` for a local model';
  if (config.provider === 'openai-compatible' && !config.baseUrl)
    return 'llm: no address; `vouch config set llm.baseUrl http://127.0.0.1:11434/v1`';
  if (config.provider === 'azure' && !config.baseUrl && !config.resource)
    return 'llm: azure needs its resource; `vouch config set llm.resource NAME` or `llm.baseUrl URL`';
  if (config.model === '') return 'llm: no model named; `vouch config set llm.model NAME`';
  return null;
}

/** Throws `usage` for a configuration that can never work, before anything is sent. */
export function checkConfig(config: ModelConfig): void {
  const why = whyNoModel(config);
  if (why !== null) throw new VouchError('missing-part', why);
  if (!PROVIDERS.includes(config.provider))
    throw new VouchError('usage', `llm.provider: ${JSON.stringify(config.provider)} is not known`, {
      hint: `one of ${PROVIDERS.join(', ')}`,
    });
  if (config.baseUrl !== undefined) apiBase('llm.baseUrl', config.baseUrl);
}
