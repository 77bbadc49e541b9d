import { loadConfig } from '../config/config.ts';
import { diffOf } from '../desks/backport/git/changes.ts';
import type { Repository } from '../desks/backport/git/repository.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import { judgeUnsure } from '../desks/backport/llm/engine.ts';
import type { Commit, Verdict } from '../desks/backport/model.ts';
import { lessonsOf, type Lesson } from '../desks/backport/rules/lessons.ts';
import type { Project } from '../desks/backport/rules/project.ts';
import { newId } from '../lib/ids.ts';
import { VouchError } from '../lib/errors.ts';
import { whyNoModel } from '../llm/config.ts';
import { createBudget } from '../llm/budget.ts';
import { createTracedModel, modelOf } from '../server/engines.ts';
import type { Store } from '../store/store.ts';
import type { TriageOptions } from './commands/backport.ts';
import type { Session } from './session.ts';
import { plain } from './style.ts';

const DIFF_BYTES = 64 * 1024;

/** Throws `missing-part` before anything is read, where no model is configured. */
export async function checkModel(session: Session): Promise<void> {
  const { config } = await loadConfig(session.folder, session.io.env);
  const why = whyNoModel(modelOf(config));
  if (why !== null) throw new VouchError('missing-part', why);
}

/** The verdicts with what a model says of those that are unsure, if it is to be asked. */
export async function askModel(
  session: Session,
  store: Store,
  verdicts: readonly Verdict[],
  about: {
    project: Project;
    commits: readonly Commit[];
    branches: readonly string[];
    past: readonly Lesson[];
    repository: Repository | null;
  },
  options: TriageOptions,
): Promise<Verdict[]> {
  if (!options.engine.includes('llm')) return [...verdicts];
  const { config } = await loadConfig(session.folder, session.io.env);
  const { model, sink, prices } = await createTracedModel(config, store);
  const { repository } = about;
  const cache = storedCache(store);
  const run = newId('run');
  const told = await judgeUnsure(verdicts, {
    ...about,
    lessons: lessonsOf(about.past),
    diffOf: repository === null ? null : (sha) => diffOf(repository, sha, DIFF_BYTES, session.signal),
    model,
    sink,
    prices,
    budget: createBudget({ usd: options.budgetUsd, deadlineMs: Date.now() + options.budgetS * 1000 }),
    run,
    parallel: options.parallel,
    cache: { get: (key) => cache.answer(key), put: (key, answer) => cache.putAnswer(key, answer) },
    signal: session.signal,
    onProgress: (line) => session.progress(plain(line)),
  });
  session.progress(`the model's answers: vouch traces list --run ${run}`);
  return told;
}
