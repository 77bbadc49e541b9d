import { createHash } from 'node:crypto';
import { VouchError } from '../../../lib/errors.ts';
import { mapLimited } from '../../../lib/limit.ts';
import { estimateTokens, type Budget } from '../../../llm/budget.ts';
import type { Model } from '../../../llm/port.ts';
import type { PriceTable } from '../../../trace/prices.ts';
import { traced, type TraceSink } from '../../../trace/record.ts';
import type { Commit, Verdict } from '../model.ts';
import type { Lessons } from '../rules/lessons.ts';
import type { Project } from '../rules/project.ts';
import { answerForm, readAnswer, type Said } from './answer.ts';
import { questionFor, systemFor, type Material } from './prompt.ts';

export interface LlmOptions {
  project: Project;
  /** The whole history, oldest first. */
  commits: readonly Commit[];
  branches: readonly string[];
  lessons: Lessons;
  /** The change as a diff; null where there is no repository. */
  diffOf: ((sha: string) => Promise<string>) | null;
  model: Model;
  sink: TraceSink;
  prices: PriceTable;
  budget: Budget;
  /** Names the run in the traces. */
  run: string;
  /** Questions at once. */
  parallel: number;
  cache: { get(key: string): Promise<string | null>; put(key: string, answer: string): Promise<void> };
  signal: AbortSignal;
  onProgress: (line: string) => void;
}

const MAX_OUTPUT_TOKENS = 1024;
const NEIGHBOURS = 3;
const SIMILAR = 5;
const TRIES = 2;

/**
 * Asks a model about the commits that the rules leave unsure and that the branch does not have, one question a commit. What cannot be
 * asked or read stays as the rules said, and says why.
 */
export async function judgeUnsure(verdicts: readonly Verdict[], options: LlmOptions): Promise<Verdict[]> {
  const unsure = Map.groupBy(
    verdicts.filter(
      ({ verdict, already, engine }) => verdict === 'uncertain' && already === null && engine === 'rules',
    ),
    ({ sha }) => sha,
  );
  const place = new Map(options.commits.map((commit, at) => [commit.sha, at]));
  const asked = [...unsure].filter(([sha]) => place.has(sha));
  if (asked.length === 0) return [...verdicts];
  const system = systemFor(options.project, options.branches, options.commits);
  const told = new Map<string, Verdict>();
  let done = 0;
  const one = async ([sha, own]: [string, Verdict[]]): Promise<void> => {
    options.signal.throwIfAborted();
    const material = await materialOf(place.get(sha)!, own, options);
    const answered = await ask(system, material, options);
    for (const verdict of answered) told.set(`${verdict.sha} ${verdict.branch}`, verdict);
    if (++done % 10 === 0 || done === asked.length)
      options.onProgress(`asked the model about ${done} of ${asked.length} commits`);
  };
  // The first brings the shared beginning into the provider's cache, for those that follow side by side.
  await one(asked[0]!);
  await mapLimited(asked.slice(1), options.parallel, one);
  return verdicts.map((verdict) => told.get(`${verdict.sha} ${verdict.branch}`) ?? verdict);
}

async function materialOf(
  at: number,
  unsure: readonly Verdict[],
  { commits, lessons, diffOf }: LlmOptions,
): Promise<Material> {
  const commit = commits[at]!;
  const subjects = (from: number, to: number): string[] =>
    commits.slice(Math.max(0, from), to).map(({ sha, subject }) => `${sha.slice(0, 12)} ${subject}`);
  return {
    commit,
    unsure,
    diff: diffOf === null ? null : await diffOf(commit.sha),
    lessons: lessons.similar(commit, unsure[0]!.branch, SIMILAR),
    around: { before: subjects(at - NEIGHBOURS, at), after: subjects(at + 1, at + 1 + NEIGHBOURS) },
  };
}

async function ask(system: string, material: Material, options: LlmOptions): Promise<Verdict[]> {
  const { unsure } = material;
  const branches = unsure.map(({ branch }) => branch);
  const question = questionFor(material);
  const { model, cache } = options;
  const key = createHash('sha256')
    .update(JSON.stringify([model.provider, model.model, system, question]))
    .digest('hex');
  try {
    const known = await cache.get(key);
    const before = known === null ? null : readAnswer(known, branches);
    if (before !== null && 'said' in before) return taken(before.said, material, options);
    let refusal = '';
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const again = refusal === '' ? '' : `\n\nYour last answer could not be used: ${refusal}. Answer anew.`;
      const text = await send(system, question + again, branches, options);
      const read = readAnswer(text, branches);
      if ('said' in read) {
        await cache.put(key, text);
        return taken(read.said, material, options);
      }
      ({ refusal } = read);
    }
    return kept(unsure, `its answer cannot be used: ${refusal}`);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof VouchError)) throw error;
    return kept(unsure, error.message);
  }
}

function kept(unsure: readonly Verdict[], why: string): Verdict[] {
  return unsure.map((verdict) => ({
    ...verdict,
    reason: `${verdict.reason} The model could not be asked: ${why.slice(0, 300)}.`,
  }));
}

async function send(
  system: string,
  prompt: string,
  branches: readonly string[],
  { model, sink, prices, budget, run, signal }: LlmOptions,
): Promise<string> {
  const input = estimateTokens(system + prompt);
  const cost = (output: number): number =>
    prices.costOf(model.provider, model.model, { input, cachedInput: 0, output }) ?? 0;
  const reservation = budget.reserve({
    usd: cost(MAX_OUTPUT_TOKENS),
    what: `llm ${model.provider}/${model.model}`,
  });
  const about = {
    run,
    desk: 'backport',
    engine: 'llm',
    operation: 'chat',
    provider: model.provider,
    model: model.model,
  };
  try {
    const { answer, trace } = await traced({ sink, prices }, about, `${system}\n\n${prompt}`, () =>
      model.ask({
        system,
        prompt,
        maxOutputTokens: MAX_OUTPUT_TOKENS,
        temperature: 0,
        output: { name: 'verdicts', schema: answerForm(branches) },
        signal: AbortSignal.any([signal, AbortSignal.timeout(Math.min(budget.remainingMs(), 2 ** 31 - 1))]),
      }),
    );
    reservation.settle(trace.costUsd ?? 0);
    return answer.text;
  } catch (error) {
    reservation.settle(cost(0)); // what was read before it failed may be billed
    throw error;
  }
}

/** What was said, as far as it holds: quotes must be quotes, and commits those of the history. */
function taken(said: readonly Said[], material: Material, { commits }: LlmOptions): Verdict[] {
  const { commit, unsure, diff } = material;
  const sources = squeeze(`${commit.subject}\n${commit.body}\n${diff ?? ''}`);
  return said.map((one, i): Verdict => {
    const rules = unsure[i]!;
    const quotes = one.evidence.filter((quote) => squeeze(quote) !== '' && sources.includes(squeeze(quote)));
    const proved = quotes.length > 0;
    const verdict = proved ? one.verdict : 'uncertain';
    const needs = one.needs.flatMap((id) => {
      const found = commits.filter(({ sha }) => id.length >= 7 && sha.startsWith(id.toLowerCase()));
      return found.length === 1 && found[0] !== commit ? [found[0]!.sha] : [];
    });
    const confidence = proved ? one.confidence : 0.5;
    return {
      ...rules,
      verdict,
      confidence,
      probability: { yes: confidence, wait: confidence, uncertain: rules.probability, no: 1 - confidence }[
        verdict
      ],
      reason: proved
        ? one.reason.slice(0, 1000)
        : `The model says ${one.verdict} and quotes nothing that is there, so somebody has to look. ${rules.reason}`,
      engine: 'llm',
      evidence: [...quotes.map((quote) => `"${quote.slice(0, 240)}"`), ...rules.evidence],
      needs: [...new Set([...rules.needs, ...(verdict === 'no' ? [] : needs)])],
    };
  });
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase();
}
