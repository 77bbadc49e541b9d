import { VouchError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { messageOf } from '../../lib/errors.ts';
import { getIncident, setIncidentStatus } from '../../incident/store.ts';
import { applyPatch } from '../../patch/apply.ts';
import { makeDiff } from '../../patch/diff.ts';
import { sameChanges } from '../../patch/normalise.ts';
import type { Proposal } from '../../proposal/model.ts';
import { createProposal, setVerdict } from '../../proposal/proposals.ts';
import type { Survivor } from '../../verify/gates/determined.ts';
import { sameBehaviour } from '../../verify/behaviour.ts';
import { conclude, judge, type Judgement } from '../../verify/judge.ts';
import type { Evidence } from '../../verify/evidence.ts';
import { chooseOccurrence, openDossier, type Chosen, type Dossier, type DossierOptions } from './dossier.ts';
import type { Candidate, Engine, Feedback, FixContext } from './engines/port.ts';
import type { FixOptions, FixOutcome, Judged, Sources, Work } from './model.ts';

export interface DeskOptions extends DossierOptions {
  engines: Readonly<Record<'template' | 'llm' | 'agent', Engine>>;
  /** What a trace cost, for the sum of a run. */
  costOf: (trace: string) => Promise<number>;
  now?: () => number;
}

/** A candidate with what was found out about it; `proposal` once it is stored. */
interface Tried {
  candidate: Candidate;
  judgement: Judgement;
  proposal: Proposal;
  survivor: Survivor | null;
}

/** Candidates judged side by side: each needs about half a core. */
const AT_ONCE = 2;
const MAX_TEMPLATES = 40;
const MAX_MODEL_TRIES = 6;
const DEFAULT_SECONDS = 300;
const KEPT_DOSSIERS = 4;

/** Proposes, judges, compares: the fix desk without its forge (see pull-requests.ts). */
export function createDesk(options: DeskOptions) {
  const now = options.now ?? Date.now;
  /** By recording and what calls are answered from: unpatched runs are made once for each. Those used last are kept. */
  const dossiers = new Map<string, Begun<Opened>>();

  return {
    fix,
    verify,
    /** Drops what is kept between judgements, and ends the servers that stand behind it. */
    async forget(): Promise<void> {
      const all = [...dossiers.values()];
      dossiers.clear();
      await Promise.all(all.map(drop));
    },
  };

  async function fix(incident: string, fixOptions: FixOptions, work: Work): Promise<FixOutcome> {
    const began = performance.now();
    const opened = await open(incident, fixOptions, work);
    const { dossier } = opened;
    const before = (await getIncident(options.store, incident)).status;
    const idle = before === 'fixing' ? 'open' : before;
    let result: Concluded = { judged: [], verified: null };
    const unavailable: string[] = [];
    let status = idle;
    try {
      if (dossier.case.notReproduced === null) {
        await setIncidentStatus(options.store, incident, 'fixing');
        result = await runEngines(opened, fixOptions, unavailable, work);
      }
      if (result.verified || result.judged.some(({ alternatives }) => alternatives.length > 0))
        status = 'proposed';
    } finally {
      await setIncidentStatus(options.store, incident, status);
    }
    const { judged, verified } = result;
    return {
      incident,
      verdict:
        verified?.verdict ??
        (judged.some(({ verdict }) => verdict === 'inconclusive') || judged.length === 0
          ? 'inconclusive'
          : 'rejected'),
      reason: verified ? null : reasonOf(dossier, judged, unavailable),
      candidates: judged,
      unavailable,
      seconds: (performance.now() - began) / 1000,
      costUsd: judged.reduce((sum, { costUsd }) => sum + costUsd, 0),
    };
  }

  /** One engine after another, until something is verified. One that fails is named in `unavailable`, and the next one has its turn. */
  async function runEngines(
    opened: Opened,
    fixOptions: FixOptions,
    unavailable: string[],
    work: Work,
  ): Promise<Concluded> {
    const { dossier } = opened;
    const deadlineMs = now() + (fixOptions.budgetSeconds ?? DEFAULT_SECONDS) * 1000;
    const all: Attempts = { tried: [], unjudged: [] };
    let result: Concluded = { judged: [], verified: null };
    for (const name of fixOptions.engines ?? ['template', 'llm', 'agent']) {
      if (name === 'manual') continue;
      const engine = options.engines[name];
      const why = engine.unavailable();
      if (why !== null) {
        unavailable.push(why);
        continue;
      }
      const context = contextOf(dossier, work, { usd: fixOptions.budgetUsd ?? 1, deadlineMs });
      try {
        if (name === 'template') add(all, await tryTemplates(opened, engine, context, work));
        else await tryModel(dossier, engine, context, all, work);
      } catch (error) {
        if (work.signal.aborted || !(error instanceof VouchError)) throw error;
        unavailable.push(`${name}: ${error.message}`);
      }
      result = await concludeAll(dossier, all);
      if (result.verified) break;
    }
    unavailable.push(...all.unjudged);
    return result;
  }

  /** Judges a patch that somebody brings; rivals from the template engine challenge it. */
  async function verify(incident: string, patch: string, work: Work, sources: Sources = {}): Promise<Judged> {
    const opened = await open(incident, sources, work);
    const { dossier } = opened;
    const applied = await applyPatch(dossier.tree, patch);
    if (!applied.ok) throw new VouchError('usage', `the patch does not apply: ${applied.reason}`);
    work.onProgress('judging the patch');
    const candidate: Candidate = {
      engine: 'manual',
      changes: applied.changes,
      by: 'a person',
      title: `Patch by hand for ${dossier.incident.title}`.slice(0, 200),
      why: 'Given by hand.',
      kind: 'root-cause',
      rank: 0,
      trace: null,
    };
    const own = await tryOne(dossier, candidate, work);
    let rivals: Attempts = { tried: [], unjudged: [] };
    if (own.survivor) {
      work.onProgress('it holds so far; challenging it with rivals');
      rivals = await rivalsOf(opened, work);
      own.candidate.kind = kindOf(own, rivals.tried);
    }
    return concludeOne(dossier, own, rivals);
  }

  async function open(incident: string, sources: Sources, work: Work): Promise<Opened> {
    const chosen = await chooseOccurrence(options.store, incident);
    const key = `${chosen.recording}${sources.rebuilt === false ? ', as recorded' : ''}`;
    return shared(() => {
      const begun = dossiers.get(key) ?? openNew(key, chosen, sources, work);
      // Used last, dropped last.
      dossiers.delete(key);
      dossiers.set(key, begun);
      if (dossiers.size > KEPT_DOSSIERS) {
        const [oldest, kept] = dossiers.entries().next().value!;
        dossiers.delete(oldest);
        void drop(kept);
      }
      return begun;
    }, work.signal);
  }

  /** Runs that still ask it for state have it started again. */
  async function drop({ done }: Begun<Opened>): Promise<void> {
    const opened = await done.catch(() => undefined);
    await opened?.dossier.case.states?.close();
  }

  function openNew(key: string, chosen: Chosen, sources: Sources, work: Work): Begun<Opened> {
    const done = openDossier(options, chosen, sources, work).then((dossier) => ({ dossier, rivals: null }));
    const begun = { done, by: work.signal };
    done.catch(() => {
      if (dossiers.get(key) === begun) dossiers.delete(key);
    });
    return begun;
  }

  /** What the template engine proposes against a patch by hand: tried once a recording. */
  function rivalsOf(opened: Opened, work: Work): Promise<Attempts> {
    return shared(() => {
      if (opened.rivals) return opened.rivals;
      const context = contextOf(opened.dossier, work, {
        usd: 0,
        deadlineMs: now() + DEFAULT_SECONDS * 1000,
      });
      void tryTemplates(opened, options.engines.template, context, work).catch(() => {}); // told to who waits
      return opened.rivals!;
    }, work.signal);
  }

  /** Tries all that the engine proposes, and keeps the survivors: a patch by hand will be challenged by the same ones. */
  function tryTemplates(opened: Opened, engine: Engine, context: FixContext, work: Work): Promise<Attempts> {
    const attempts = tryEach(opened.dossier, engine, context, work);
    const done = attempts.then(({ tried, unjudged }) => ({ tried: rivalsAmong(tried), unjudged }));
    const begun = { done, by: work.signal };
    opened.rivals = begun;
    done.catch(() => {
      if (opened.rivals === begun) opened.rivals = null; // whoever asks next tries again
    });
    return attempts;
  }

  async function tryEach(
    dossier: Dossier,
    engine: Engine,
    context: FixContext,
    work: Work,
  ): Promise<Attempts> {
    const candidates: Candidate[] = [];
    for await (const candidate of engine.propose(context)) {
      if (!candidates.some(({ changes }) => sameChanges(changes, candidate.changes)))
        candidates.push(candidate);
      if (candidates.length >= MAX_TEMPLATES) break;
    }
    work.onProgress(`${candidates.length} candidates from ${engine.name}`);
    let done = 0;
    const results = await mapLimited(candidates, AT_ONCE, async (candidate): Promise<Tried | Unjudged> => {
      const tried = await tryTwice(dossier, candidate, work);
      work.onProgress(`${++done}/${candidates.length} ${howItWent(tried)}: ${candidate.title}`);
      return tried;
    });
    const failed = results.filter((result): result is Unjudged => 'error' in result);
    if (failed.length > 0 && failed.length === results.length) throw failed[0]!.error;
    return {
      tried: results.filter((result): result is Tried => !('error' in result)),
      unjudged: failed.map(
        ({ candidate, error }) => `${candidate.title}: could not be judged: ${messageOf(error)}`,
      ),
    };
  }

  /** What fails for want of a part may have been the moment's fault. One that cannot be judged must not cost the others their results. */
  async function tryTwice(dossier: Dossier, candidate: Candidate, work: Work): Promise<Tried | Unjudged> {
    for (let first = true; ; first = false) {
      work.signal.throwIfAborted();
      try {
        return await tryOne(dossier, candidate, work);
      } catch (error) {
        work.signal.throwIfAborted();
        if (!(error instanceof VouchError)) throw error;
        if (!first) return { candidate, error };
      }
    }
  }

  async function tryModel(
    dossier: Dossier,
    engine: Engine,
    context: FixContext,
    all: Attempts,
    work: Work,
  ): Promise<void> {
    context.feedback.push(...all.tried.slice(0, 5).map(feedbackOf));
    let count = 0;
    for await (const candidate of engine.propose(context)) {
      const one = await tryOne(dossier, candidate, work);
      all.tried.push(one);
      context.feedback.push(feedbackOf(one));
      work.onProgress(`${engine.name}: ${howItWent(one)}: ${candidate.title}`);
      if (one.survivor || ++count >= MAX_MODEL_TRIES || now() > context.budget.deadlineMs) break;
    }
  }

  async function tryOne(dossier: Dossier, candidate: Candidate, work: Work): Promise<Tried> {
    const patch = await makeDiff(dossier.tree, candidate.changes);
    const at = { ...dossier.case, signal: work.signal };
    const judgement = await judge(at, dossier.baseline, candidate.changes);
    const { engine, title, why, kind, trace } = candidate;
    const proposal = await createProposal(options.store, {
      desk: 'fix',
      subject: dossier.incident.id,
      app: dossier.incident.app,
      engine,
      title,
      why,
      kind,
      patch,
      trace,
    });
    const survivor =
      judgement.possible && judgement.behaviour
        ? {
            proposal: proposal.id,
            why,
            behaviour: judgement.behaviour,
            invented: judgement.invented,
            decisions: judgement.decisions,
            way: judgement.way,
            rank: rankOf(candidate),
            proved: judgement.survives,
          }
        : null;
    return { candidate, judgement, proposal, survivor };
  }

  async function concludeAll(dossier: Dossier, all: Attempts): Promise<Concluded> {
    const judged: Judged[] = [];
    for (const one of all.tried.toSorted((a, b) => rankOf(b.candidate) - rankOf(a.candidate)))
      judged.push(await concludeOne(dossier, one, all));
    return { judged, verified: judged.find(({ verdict }) => verdict === 'verified') ?? null };
  }

  async function concludeOne(dossier: Dossier, own: Tried, all: Attempts): Promise<Judged> {
    const rivals = all.tried
      .filter((one) => one !== own && one.survivor !== null)
      .map((one) => one.survivor!);
    const evidence = conclude(dossier.case, own.survivor, own.judgement, rivals, all.unjudged.length);
    await setVerdict(options.store, own.proposal.id, evidence);
    return judgedOf(
      own,
      evidence,
      own.candidate.trace === null ? 0 : await options.costOf(own.candidate.trace),
    );
  }
}

interface Opened {
  dossier: Dossier;
  /** Survivors of the template engine; null before it was asked. */
  rivals: Begun<Attempts> | null;
}

interface Attempts {
  tried: Tried[];
  /** Candidates that could not be judged, and why. */
  unjudged: string[];
}

interface Unjudged {
  candidate: Candidate;
  error: VouchError;
}

function add(all: Attempts, more: Attempts): void {
  all.tried.push(...more.tried);
  all.unjudged.push(...more.unjudged);
}

/** Work that several may wait for, and the signal of the one who began it. */
interface Begun<T> {
  done: Promise<T>;
  by: AbortSignal;
}

/** Waits for work. If somebody else had begun it and gave up, it is begun again. */
async function shared<T>(begin: () => Begun<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const { done, by } = begin();
    try {
      return await done;
    } catch (error) {
      if (signal.aborted || !by.aborted) throw error;
    }
  }
}

interface Concluded {
  judged: Judged[];
  verified: Judged | null;
}

function rivalsAmong(tried: readonly Tried[]): Tried[] {
  return tried.filter(({ survivor }) => survivor !== null);
}

function contextOf(dossier: Dossier, work: Work, budget: FixContext['budget']): FixContext {
  const { incident, error, slice, tree, suspect } = dossier;
  return {
    incident: { id: incident.id, app: incident.app, title: incident.title },
    error,
    slice,
    tree,
    suspect,
    feedback: [],
    budget,
    signal: work.signal,
    note: (line) => work.onProgress(line),
  };
}

/** Root causes before mitigations, then by the engine's own order. */
function rankOf(candidate: Candidate): number {
  return candidate.rank + (candidate.kind === 'root-cause' ? 1_000_000 : 0);
}

/** A patch by hand is what the rival that does the same is; one that nothing else does is taken at its word. */
function kindOf(own: Tried, rivals: readonly Tried[]): Candidate['kind'] {
  const twin = rivals.find(
    ({ candidate, survivor }) =>
      sameChanges(candidate.changes, own.candidate.changes) ||
      sameBehaviour(survivor!.behaviour, own.survivor!.behaviour),
  );
  return twin?.candidate.kind ?? own.candidate.kind;
}

function feedbackOf({ proposal, judgement }: Tried): Feedback {
  const failed = judgement.gates.filter(({ holds }) => !holds);
  return {
    patch: proposal.patch,
    verdict: failed.some(({ otherwise }) => otherwise === 'rejected') ? 'rejected' : 'inconclusive',
    reasons: failed.map(({ gate, detail }) => `${gate}: ${detail}`),
  };
}

function howItWent(tried: Tried | Unjudged): string {
  if ('error' in tried) return 'could not be judged';
  const { judgement, survivor } = tried;
  if (survivor) return 'holds so far';
  const failed =
    judgement.gates.find(({ otherwise }) => otherwise === 'rejected') ??
    judgement.gates.find(({ holds }) => !holds);
  return failed ? `${failed.otherwise} (${failed.gate})` : 'inconclusive';
}

function judgedOf({ candidate, proposal }: Tried, evidence: Evidence, costUsd: number): Judged {
  const { verdict, reasons, gates, calls, assumptions, alternatives, clock, isolation, notChecked, seconds } =
    evidence;
  return {
    verdict,
    reasons,
    engine: candidate.engine,
    proposal: proposal.id,
    title: candidate.title,
    why: candidate.why,
    patch: proposal.patch,
    kind: candidate.kind,
    gates,
    calls,
    assumptions,
    alternatives,
    clock,
    isolation,
    notChecked,
    seconds,
    costUsd,
    pullRequest: proposal.pullRequest,
  };
}

/** Why there is no verified candidate, in a sentence. */
function reasonOf(dossier: Dossier, judged: readonly Judged[], unavailable: readonly string[]): string {
  if (dossier.case.notReproduced !== null) return `reproduced: ${dossier.case.notReproduced}`;
  if (judged.length === 0) return ['no engine proposed anything', ...unavailable].join('; ');
  const choice = judged.find(({ alternatives }) => alternatives.length > 0);
  if (choice) return choice.reasons[0] ?? 'a choice for a person';
  const nearest = judged.toSorted(
    (a, b) => b.gates.filter(({ holds }) => holds).length - a.gates.filter(({ holds }) => holds).length,
  )[0]!;
  return `${judged.length} candidates, none holds; the nearest: ${nearest.reasons[0] ?? nearest.verdict}`;
}

export type Desk = ReturnType<typeof createDesk>;
