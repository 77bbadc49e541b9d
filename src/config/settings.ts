import { z } from 'zod';
import { parseJson } from '../lib/json.ts';

export interface Setting {
  /** The environment variable that sets it, for one process. */
  env: string;
  schema: z.ZodType;
  /** One line for `vouch config get`. */
  help: string;
  /** Never shown in lists or logs. */
  secret?: true;
}

const text = z.string().min(1).max(4096);
const port = z.coerce.number().int().min(0).max(65_535);

/** A program and its arguments: a JSON list, or words parted at spaces, which quotes keep together. */
const words = z.union([z.array(text), text.transform(splitWords)]).pipe(z.array(text).min(1));
const names = z.union([z.array(text), text.transform((list) => list.split(',').map((name) => name.trim()))]);

/** Everything that can be set, once. `default` is in the schema; a setting without one may be absent. */
export const SETTINGS = {
  'server.host': {
    env: 'VOUCH_HOST',
    schema: text.default('127.0.0.1'),
    help: 'address that the server listens on',
  },
  'server.port': { env: 'VOUCH_PORT', schema: port.default(8877), help: 'port of API, pages and git' },
  'server.url': {
    env: 'VOUCH_PUBLIC_URL',
    schema: z.url().optional(),
    help: 'what others call the server, for links',
  },
  'server.hosts': {
    env: 'VOUCH_ALLOWED_HOSTS',
    schema: names.default([]),
    help: 'host names, beside localhost, that requests may name; comma-separated',
  },
  'router.host': {
    env: 'VOUCH_ROUTER_HOST',
    schema: text.default('127.0.0.1'),
    help: 'address that the apps are served on',
  },
  'router.port': {
    env: 'VOUCH_ROUTER_PORT',
    schema: port.default(8878),
    help: 'port that the apps are served on',
  },
  'router.domain': {
    env: 'VOUCH_ROUTER_DOMAIN',
    schema: text.default('localhost'),
    help: 'apps answer at APP.DOMAIN',
  },
  'log.level': {
    env: 'VOUCH_LOG_LEVEL',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    help: 'how much the server logs',
  },
  'sandbox.level': {
    env: 'VOUCH_SANDBOX',
    schema: z.enum(['auto', 'oci', 'local']).default('auto'),
    help: 'isolation of apps and replays; auto takes the best that this machine has',
  },
  'deploy.schemas': {
    env: 'VOUCH_DEPLOY_SCHEMAS',
    schema: z.enum(['read', 'off']).default('read'),
    help: 'at deployment, read the catalogs (never rows) of the databases that the app is given',
  },
  'recorder.socket': {
    env: 'VOUCH_AGENT_SOCKET',
    schema: text.optional(),
    help: 'unix socket of `vouch agent`',
  },
  'recorder.maxBytes': {
    env: 'VOUCH_RECORDER_MAX_BYTES',
    schema: z.coerce
      .number()
      .int()
      .min(1024 * 1024)
      .default(1024 * 1024 * 1024),
    help: 'bytes of recording kept per deployment',
  },
  'recorder.totalBytes': {
    env: 'VOUCH_RECORDER_TOTAL_BYTES',
    schema: z.coerce
      .number()
      .int()
      .min(1024 * 1024)
      .default(4 * 1024 * 1024 * 1024),
    help: 'bytes of recording kept of all deployments; of those that ended, the oldest go first',
  },
  'recorder.keepDays': {
    env: 'VOUCH_RECORDER_KEEP_DAYS',
    schema: z.coerce.number().positive().max(3650).default(14),
    help: 'days that recordings of ended deployments are kept; what is pinned for incidents stays',
  },
  'llm.provider': {
    env: 'VOUCH_LLM_PROVIDER',
    schema: z.enum(['openai', 'anthropic', 'azure', 'openai-compatible']).optional(),
    help: 'openai, anthropic, azure, or openai-compatible (Ollama, vLLM, llama.cpp)',
  },
  'llm.model': { env: 'VOUCH_LLM_MODEL', schema: text.optional(), help: 'name of the model' },
  'llm.baseUrl': {
    env: 'VOUCH_LLM_BASE_URL',
    schema: z.url().optional(),
    help: "base URL of the provider's API",
  },
  'llm.apiKey': { env: 'VOUCH_LLM_API_KEY', schema: text.optional(), help: 'API key', secret: true },
  'llm.openaiKey': {
    env: 'OPENAI_API_KEY',
    schema: text.optional(),
    help: "OpenAI's API key, used where llm.apiKey is not set",
    secret: true,
  },
  'llm.anthropicKey': {
    env: 'ANTHROPIC_API_KEY',
    schema: text.optional(),
    help: "Anthropic's API key, used where llm.apiKey is not set",
    secret: true,
  },
  'llm.resource': {
    env: 'VOUCH_LLM_RESOURCE',
    schema: text.optional(),
    help: "azure: the resource's name, instead of llm.baseUrl",
  },
  'llm.apiVersion': {
    env: 'VOUCH_LLM_API_VERSION',
    schema: text.optional(),
    help: 'azure: version of the API',
  },
  'llm.budgetUsd': {
    env: 'VOUCH_LLM_BUDGET_USD',
    schema: z.coerce.number().nonnegative().default(1),
    help: 'dollars that one run of the fix desk may spend',
  },
  'fix.budgetSeconds': {
    env: 'VOUCH_FIX_BUDGET_SECONDS',
    schema: z.coerce.number().positive().default(300),
    help: 'seconds that one run of the fix desk may take',
  },
  'fix.engines': {
    env: 'VOUCH_FIX_ENGINES',
    schema: names
      .pipe(z.array(z.enum(['template', 'llm', 'agent'])).min(1))
      .default(['template', 'llm', 'agent']),
    help: 'engines that are asked, in order; comma-separated',
  },
  'agent.command': {
    env: 'VOUCH_AGENT_COMMAND',
    schema: words.optional(),
    help: 'program and arguments of a coding agent that works in a worktree',
  },
  'agent.env': {
    env: 'VOUCH_AGENT_ENV',
    schema: names.default([]),
    help: 'names of environment variables that the coding agent is given; comma-separated',
  },
  'trace.prices': {
    env: 'VOUCH_PRICES',
    schema: text.optional(),
    help: 'JSON file of prices of models, beside the ones that we know',
  },
  'forge.kind': {
    env: 'VOUCH_FORGE',
    schema: z.enum(['local', 'github', 'gitea']).default('local'),
    help: 'where pull requests are opened',
  },
  'forge.baseUrl': {
    env: 'VOUCH_FORGE_BASE_URL',
    schema: z.url().optional(),
    help: 'base URL of the forge, where it is not the public one',
  },
  'forge.repository': {
    env: 'VOUCH_FORGE_REPOSITORY',
    schema: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, 'must be OWNER/NAME')
      .optional(),
    help: 'OWNER/NAME on that forge',
  },
  'forge.token': {
    env: 'VOUCH_FORGE_TOKEN',
    schema: text.optional(),
    help: 'token for that forge',
    secret: true,
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;
export type Config = { readonly [K in SettingKey]: z.output<(typeof SETTINGS)[K]['schema']> };

/** Variables that are read elsewhere, by the command line or by programs that we start. */
export const OTHER_VARIABLES: readonly string[] = ['VOUCH_DATA', 'VOUCH_URL', 'VOUCH_TOKEN'];

function splitWords(text: string): unknown {
  if (text.startsWith('[')) return parseJson(text);
  const found = text.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return found.map((word) => (/^["']/.test(word) ? word.slice(1, -1) : word));
}
