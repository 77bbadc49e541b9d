import { messageOf, VouchError } from '../../../../lib/errors.ts';
import { createBudget, estimateTokens, type Budget } from '../../../../llm/budget.ts';
import type { Model, ModelAnswer } from '../../../../llm/port.ts';
import { changesOf } from '../../../../patch/changes.ts';
import { countFaults } from '../../../../patch/faults.ts';
import { patchFromAnswer, type Patched } from '../../../../patch/from-answer.ts';
import { sameChanges } from '../../../../patch/normalise.ts';
import { checkPolicy } from '../../../../patch/policy.ts';
import { folderTree } from '../../../../patch/tree.ts';
import type { Trace } from '../../../../trace/model.ts';
import type { PriceTable } from '../../../../trace/prices.ts';
import { traced, type TraceSink } from '../../../../trace/record.ts';
import type { Candidate, Engine, FixContext } from '../port.ts';
import { readSaid } from './answer.ts';
import { codeFor } from './code.ts';
import { createMask } from './mask.ts';
import { promptFor, SYSTEM } from './prompt.ts';

export interface LlmEngineOptions {
  /** Null where none is configured; `why` is then the line that says so (`whyNoModel`). */
  model: Model | null;
  why?: string | null;
  sink: TraceSink;
  prices: PriceTable;
  /** Tries in one run, refused ones included. Default 6. */
  maxTries?: number;
  maxOutputTokens?: number;
  now?: () => number;
}

/** The first try is the likeliest answer; later ones look elsewhere. */
const FIRST_TEMPERATURE = 0.2;
const LATER_TEMPERATURE = 0.8;
/** Answers in a row that cannot be used before it gives up: a model that does not hold to the form will not learn it. */
const MAX_REFUSED_IN_ROW = 3;

interface Run {
  context: FixContext;
  budget: Budget;
  model: Model;
  options: LlmEngineOptions;
}

/**
 * Asks a language model for changes as search/replace blocks, and understands what it answers instead. It has no tools:
 * its answer is text that `src/patch` resolves or refuses, so nothing that it was told by an error message can reach a shell or the network.
 */
export function createLlmEngine(options: LlmEngineOptions): Engine {
  const { model } = options;
  return {
    name: 'llm',
    unavailable: () => (model === null ? (options.why ?? 'llm: no model is configured') : null),
    async *propose(context) {
      if (model === null) return;
      const budget = createBudget(context.budget, options.now);
      yield* proposeWith({ context, budget, model, options });
    },
  };
}

async function* proposeWith(run: Run): AsyncGenerator<Candidate> {
  const { context, options } = run;
  const code = await codeFor(context);
  const mask = createMask(context.slice, code.source);
  const given: Candidate[] = [];
  const refusals: string[] = [];
  let refusedInRow = 0;
  for (let attempt = 0; attempt < (options.maxTries ?? 6) && refusedInRow < MAX_REFUSED_IN_ROW; attempt++) {
    if (context.signal.aborted) return;
    const prompt = promptFor({ context, code, mask, refusals });
    let asked: Awaited<ReturnType<typeof ask>>;
    try {
      asked = await ask(run, prompt, attempt);
    } catch (error) {
      if (!(error instanceof VouchError)) throw error;
      context.note?.(`llm: stopped: ${error.message}`);
      return;
    }
    const made = await candidateOf(run, asked.answer, asked.trace, given);
    await options.sink.setOutcome(asked.trace, made.outcome, made.repairs);
    if ('stop' in made) {
      context.note?.(`llm: ${made.outcome}`);
      return;
    }
    if ('refusal' in made) {
      refusals.push(made.refusal);
      refusedInRow++;
      continue;
    }
    refusedInRow = 0;
    given.push(made.candidate);
    yield made.candidate;
  }
}

async function ask(
  run: Run,
  prompt: string,
  attempt: number,
): Promise<{ answer: ModelAnswer; trace: string }> {
  const { context, budget, model, options } = run;
  const maxOutputTokens = options.maxOutputTokens ?? 4096;
  const input = estimateTokens(SYSTEM + prompt);
  const cost = (output: number): number =>
    options.prices.costOf(model.provider, model.model, { input, cachedInput: 0, output }) ?? 0;
  const reservation = budget.reserve({
    usd: cost(maxOutputTokens),
    what: `llm ${model.provider}/${model.model}`,
  });
  const about = {
    run: context.incident.id,
    desk: 'fix',
    engine: 'llm',
    operation: 'chat',
    provider: model.provider,
    model: model.model,
  };
  const effects = {
    sink: options.sink,
    prices: options.prices,
    ...(options.now === undefined ? {} : { now: options.now }),
  };
  try {
    const { answer, trace } = await traced(effects, about, `${SYSTEM}\n\n${prompt}`, () =>
      model.ask({
        system: SYSTEM,
        prompt,
        maxOutputTokens,
        temperature: attempt === 0 ? FIRST_TEMPERATURE : LATER_TEMPERATURE,
        signal: AbortSignal.any([
          context.signal,
          AbortSignal.timeout(Math.min(budget.remainingMs(), 2 ** 31 - 1)),
        ]),
      }),
    );
    reservation.settle(trace.costUsd ?? 0);
    return { answer, trace: trace.id };
  } catch (error) {
    reservation.settle(cost(0)); // what was read before it failed may be billed
    throw error;
  }
}

type Made = { outcome: string; repairs: Trace['repairs'] } & (
  | { candidate: Candidate }
  | { refusal: string }
  | { stop: true }
);

async function candidateOf(
  run: Run,
  answer: ModelAnswer,
  trace: string,
  given: readonly Candidate[],
): Promise<Made> {
  let repairs: Trace['repairs'] = null;
  const refuse = (refusal: string): Made => ({
    refusal,
    outcome: `refused: ${refusal}`.slice(0, 2000),
    repairs,
  });
  const { tree } = run.context;
  if (answer.finish === 'length')
    return refuse(
      'the answer was cut off at its greatest length; answer with the blocks only, and change less',
    );
  if (answer.text.trim() === '') return refuse('the answer was empty');
  const said = readSaid(answer.text);
  let patched: Patched;
  try {
    patched = await patchFromAnswer(folderTree(tree), answer.text);
  } catch (error) {
    return refuse(messageOf(error));
  }
  repairs = countFaults(patched.repairs);
  if (said.noFix !== null && patched.outcome !== 'apply')
    return { stop: true, outcome: `no fix: ${said.noFix}`, repairs };
  if (patched.outcome === 'reject') return refuse(patched.refusals.join('\n'));
  if (patched.outcome === 'noop')
    return refuse('the change is in the code already; the error happens with it');
  const whole = changesOf(patched.changes);
  if ('refusal' in whole) return refuse(whole.refusal);
  const { changes } = whole;
  const against = await checkPolicy(tree, changes);
  if (against.length > 0)
    return refuse(`the change is outside what a fix may do:\n${against.slice(0, 10).join('\n')}`);
  const twin = given.findIndex((one) => sameChanges(one.changes, changes));
  if (twin !== -1) return refuse(`the change is the same as the one of try ${twin + 1}; find another`);
  const candidate: Candidate = {
    engine: 'llm',
    changes,
    by: answer.model,
    title: said.title ?? `Change ${Object.keys(changes).slice(0, 2).join(' and ')}`,
    why: said.cause ?? 'The model gave no reason.',
    kind: said.kind,
    rank: 100 - given.length,
    trace,
  };
  const made = [patched.form, ...patched.repairs.slice(0, 20).map(({ text }) => text)].join('; ');
  return { candidate, outcome: `candidate: ${candidate.title} (${made})`.slice(0, 2000), repairs };
}
