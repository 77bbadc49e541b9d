import { VouchError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { setIncidentStatus } from '../../incident/store.ts';
import { applyPatch } from '../../patch/apply.ts';
import { makeDiff } from '../../patch/diff.ts';
import { sameChanges } from '../../patch/normalise.ts';
import type { Proposal } from '../../proposal/model.ts';
import { createProposal, setVerdict } from '../../proposal/proposals.ts';
import type { Survivor } from '../../verify/gates/determined.ts';
import { sameBehaviour } from '../../verify/behaviour.ts';
import { conclude, judge, type Judgement } from '../../verify/judge.ts';
import type { Evidence } from '../../verify/evidence.ts';
import { openDossier, type Dossier, type DossierOptions } from './dossier.ts';
import type { Candidate, Engine, Feedback, FixContext } from './engines/port.ts';
import type { FixOptions, FixOutcome, Judged, Work } from './model.ts';

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
  /** Unpatched runs are made once per incident and release. The newest few are kept. */
  const dossiers = new Map<string, Promise<Opened>>();

  return { fix, verify, forget: (): void => dossiers.clear() };

  async function fix(incident: string, fixOptions: FixOptions, work: Work): Promise<FixOutcome> {
    const began = performance.now();
    const opened = await open(incident, work);
    const { dossier } = opened;
    const deadlineMs = now() + (fixOptions.budgetSeconds ?? DEFAULT_SECONDS) * 1000;
    const tried: Tried[] = [];
    const unavailable: string[] = [];
    let result: Concluded = { judged: [], verified: null };
    if (dossier.case.notReproduced === null) {
      await setIncidentStatus(options.store, incident, 'fixing');
      for (const name of fixOptions.engines ?? ['template', 'llm', 'agent']) {
        if (name === 'manual') continue;
        const engine = options.engines[name];
        const why = engine.unavailable();
        if (why !== null) {
          unavailable.push(why);
          continue;
        }
        const context = contextOf(dossier, work, { usd: fixOptions.budgetUsd ?? 1, deadlineMs });
        if (name === 'template') {
          const templates = await tryTemplates(opened, engine, context, work);
          // A patch by hand will be challenged by the same ones.
          opened.rivals ??= Promise.resolve(rivalsAmong(templates));
          tried.push(...templates);
        } else {
          tried.push(...(await tryModel(dossier, engine, context, tried, work)));
        }
        result = await concludeAll(dossier, tried);
        if (result.verified) break;
      }
    }
    const { judged, verified } = result;
    await setIncidentStatus(
      options.store,
      incident,
      verified || judged.some(({ alternatives }) => alternatives.length > 0) ? 'proposed' : 'open',
    );
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

  /** Judges a patch that somebody brings; rivals from the template engine challenge it. */
  async function verify(incident: string, patch: string, work: Work): Promise<Judged> {
    const opened = await open(incident, work);
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
    const own = await tryOne(dossier, candidate);
    let rivals: Tried[] = [];
    if (own.survivor) {
      work.onProgress('it holds so far; challenging it with rivals');
      rivals = await (opened.rivals ??= rivalsOf(opened, work));
      own.candidate.kind = kindOf(own, rivals);
    }
    return concludeOne(dossier, own, rivals);
  }

  function open(incident: string, work: Work): Promise<Opened> {
    const found = dossiers.get(incident);
    if (found) return found;
    // Not bound to who asked first: somebody else may be waiting for it as well.
    const opening = openDossier(options, incident, { ...work, signal: new AbortController().signal }).then(
      (dossier) => ({ dossier, rivals: null }),
    );
    dossiers.set(incident, opening);
    opening.catch(() => dossiers.delete(incident));
    if (dossiers.size > KEPT_DOSSIERS) dossiers.delete(dossiers.keys().next().value!);
    return opening;
  }

  async function rivalsOf(opened: Opened, work: Work): Promise<Tried[]> {
    const context = contextOf(opened.dossier, work, {
      usd: 0,
      deadlineMs: now() + DEFAULT_SECONDS * 1000,
    });
    try {
      return rivalsAmong(await tryTemplates(opened, options.engines.template, context, work));
    } catch (error) {
      opened.rivals = null; // whoever asks next tries again
      throw error;
    }
  }

  async function tryTemplates(
    opened: Opened,
    engine: Engine,
    context: FixContext,
    work: Work,
  ): Promise<Tried[]> {
    const candidates: Candidate[] = [];
    for await (const candidate of engine.propose(context)) {
      if (!candidates.some(({ changes }) => sameChanges(changes, candidate.changes)))
        candidates.push(candidate);
      if (candidates.length >= MAX_TEMPLATES) break;
    }
    work.onProgress(`${candidates.length} candidates from ${engine.name}`);
    let done = 0;
    return mapLimited(candidates, AT_ONCE, async (candidate) => {
      work.signal.throwIfAborted();
      const tried = await tryOne(opened.dossier, candidate);
      work.onProgress(
        `${++done}/${candidates.length} ${tried.survivor ? 'holds so far' : shortReason(tried)}: ${candidate.title}`,
      );
      return tried;
    });
  }

  async function tryModel(
    dossier: Dossier,
    engine: Engine,
    context: FixContext,
    earlier: readonly Tried[],
    work: Work,
  ): Promise<Tried[]> {
    const tried: Tried[] = [];
    context.feedback.push(...earlier.slice(0, 5).map(feedbackOf));
    for await (const candidate of engine.propose(context)) {
      const one = await tryOne(dossier, candidate);
      tried.push(one);
      context.feedback.push(feedbackOf(one));
      work.onProgress(
        `${engine.name}: ${one.survivor ? 'holds so far' : shortReason(one)}: ${candidate.title}`,
      );
      if (one.survivor || tried.length >= MAX_MODEL_TRIES || now() > context.budget.deadlineMs) break;
    }
    return tried;
  }

  async function tryOne(dossier: Dossier, candidate: Candidate): Promise<Tried> {
    const patch = await makeDiff(dossier.tree, candidate.changes);
    const judgement = await judge(dossier.case, dossier.baseline, candidate.changes);
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
            rank: rankOf(candidate),
            proved: judgement.survives,
          }
        : null;
    return { candidate, judgement, proposal, survivor };
  }

  async function concludeAll(dossier: Dossier, tried: readonly Tried[]): Promise<Concluded> {
    const judged: Judged[] = [];
    for (const one of tried.toSorted((a, b) => rankOf(b.candidate) - rankOf(a.candidate)))
      judged.push(await concludeOne(dossier, one, tried));
    return { judged, verified: judged.find(({ verdict }) => verdict === 'verified') ?? null };
  }

  async function concludeOne(dossier: Dossier, own: Tried, all: readonly Tried[]): Promise<Judged> {
    const rivals = all.filter((one) => one !== own && one.survivor !== null).map((one) => one.survivor!);
    const evidence = conclude(dossier.case, own.survivor, own.judgement, rivals);
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
  /** Survivors of the template engine, made when a patch by hand has to be challenged. */
  rivals: Promise<Tried[]> | null;
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

function shortReason({ judgement }: Tried): string {
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
