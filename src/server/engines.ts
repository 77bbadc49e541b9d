import type { Config } from '../config/settings.ts';
import type { Engine } from '../desks/fix/engines/port.ts';
import { createAgentEngine } from '../desks/fix/engines/agent/engine.ts';
import { createLlmEngine } from '../desks/fix/engines/llm/engine.ts';
import { createTemplateEngine } from '../desks/fix/engines/template/engine.ts';
import { VouchError } from '../lib/errors.ts';
import { readIfThere } from '../lib/files.ts';
import { whyNoModel, type ModelConfig } from '../llm/config.ts';
import type { Model } from '../llm/port.ts';
import { createModel } from '../llm/registry.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { Store } from '../store/store.ts';
import type { Trace } from '../trace/model.ts';
import { parsePriceFile, priceTable, type PriceTable } from '../trace/prices.ts';
import type { TraceSink } from '../trace/record.ts';
import { getTrace, saveTrace, setOutcome } from '../trace/store.ts';

export interface Engines {
  engines: Readonly<Record<'template' | 'llm' | 'agent', Engine>>;
  /** Dollars that a traced call cost; 0 where its model has no price. */
  costOf: (trace: string) => Promise<number>;
}

/** The engines as the configuration says, their calls traced to the store; null keeps them for this run only. */
export async function createEngines(
  config: Config,
  traces: Store | null,
  sandbox: Sandbox | null,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Engines> {
  const { sink, costOf } = traces ? storedTraces(traces) : keptTraces();
  const prices = await pricesOf(config['trace.prices']);
  const model = modelOf(config);
  const why = whyNoModel(model);
  const given = config['agent.env'].flatMap((name) =>
    env[name] === undefined ? [] : [[name, env[name]] as const],
  );
  return {
    engines: {
      template: createTemplateEngine(),
      llm: createLlmEngine({ model: model && why === null ? createModel(model) : null, why, sink, prices }),
      agent: createAgentEngine({
        command: config['agent.command'] ?? null,
        env: Object.fromEntries(given),
        sink,
        prices,
        sandbox,
      }),
    },
    costOf,
  };
}

/** The model that is configured, with where its calls are traced. Throws `missing-part` with what to set. */
export async function createTracedModel(
  config: Config,
  store: Store,
): Promise<{ model: Model; sink: TraceSink; prices: PriceTable }> {
  const settings = modelOf(config);
  const why = whyNoModel(settings);
  if (settings === null || why !== null)
    throw new VouchError('missing-part', why ?? 'llm: no model is configured');
  return {
    model: createModel(settings),
    sink: storedTraces(store).sink,
    prices: await pricesOf(config['trace.prices']),
  };
}

async function pricesOf(path: string | undefined): Promise<PriceTable> {
  if (path === undefined) return priceTable();
  const bytes = await readIfThere(path);
  if (bytes === undefined) throw new VouchError('usage', `trace.prices: ${path}: no such file`);
  return priceTable(parsePriceFile(bytes.toString('utf8'), path));
}

/** The model that the settings name, or null when they name none. */
export function modelOf(config: Config): ModelConfig | null {
  const provider =
    config['llm.provider'] ??
    (config['llm.baseUrl'] !== undefined
      ? 'openai-compatible'
      : config['llm.openaiKey'] !== undefined
        ? 'openai'
        : config['llm.anthropicKey'] !== undefined
          ? 'anthropic'
          : undefined);
  if (provider === undefined) return null;
  const keys: Partial<Record<typeof provider, string | undefined>> = {
    openai: config['llm.openaiKey'],
    anthropic: config['llm.anthropicKey'],
  };
  return {
    provider,
    model: config['llm.model'] ?? '',
    apiKey: config['llm.apiKey'] ?? keys[provider],
    baseUrl: config['llm.baseUrl'],
    resource: config['llm.resource'],
    apiVersion: config['llm.apiVersion'],
  };
}

interface Traces {
  sink: TraceSink;
  costOf: (trace: string) => Promise<number>;
}

function storedTraces(store: Store): Traces {
  return {
    sink: {
      add: (trace) => saveTrace(store, trace),
      setOutcome: (id, outcome, repairs) => setOutcome(store, id, outcome, repairs),
    },
    costOf: async (id) => (await getTrace(store, id)).costUsd ?? 0,
  };
}

function keptTraces(): Traces {
  const costs = new Map<string, Trace['costUsd']>();
  return {
    sink: { add: async ({ id, costUsd }) => void costs.set(id, costUsd), setOutcome: async () => {} },
    costOf: async (id) => costs.get(id) ?? 0,
  };
}
