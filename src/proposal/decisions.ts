import { VouchError } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { Store } from '../store/store.ts';
import { audit } from './audit.ts';
import { decisionSchema, type Decision } from './model.ts';

export interface NewDecision {
  proposal: string;
  decision: Decision['decision'];
  /** The named person. */
  by: string;
  why: string | null;
  /** Name of the token that was used, for the audit trail; null on the machine itself. */
  token?: string | null;
}

/**
 * Writes down what a named person decided, once, with its line in the audit trail, before it returns. Throws `usage`
 * without a name, `not-found`, and `conflict` when the proposal was decided already, or is to be accepted though it was
 * rejected.
 */
export async function decide(store: Store, request: NewDecision, now = Date.now()): Promise<Decision> {
  const by = request.by.trim();
  if (by === '')
    throw new VouchError('usage', 'a decision needs the name of a person', {
      hint: 'give it with --as NAME',
    });
  // It stands in commits, in the trail and on terminals.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f<>]/.test(by))
    throw new VouchError('usage', `${JSON.stringify(by.slice(0, 100))}: not a name of a person`, {
      hint: 'give it with --as NAME, without control characters, < and >',
    });
  const { proposal: subject, why, token = null } = request;
  const decision: Decision = {
    id: newId('dec', now),
    proposal: subject,
    decision: request.decision,
    by,
    why,
    at: now,
  };
  const checked = decisionSchema.safeParse(decision);
  if (!checked.success)
    throw new VouchError(
      'usage',
      `decision: ${checked.error.issues[0]!.path.join('.')}: ${checked.error.issues[0]!.message}`,
    );
  await store.db.transaction().execute(async (tx) => {
    const proposal = await tx
      .selectFrom('proposals')
      .select(['id', 'verdict'])
      .where('id', '=', subject)
      .executeTakeFirst();
    if (!proposal)
      throw new VouchError('not-found', `proposal ${subject}: there is none`, {
        hint: 'vouch proposals lists them',
      });
    // It could never be merged: a person who knows better edits it, and has that judged.
    if (request.decision === 'accept' && proposal.verdict === 'rejected') {
      throw new VouchError('conflict', `proposal ${subject}: it was rejected by its gates`, {
        hint: 'decide edit or dismiss; a better patch is judged with `vouch verify INCIDENT --patch FILE`',
      });
    }
    const earlier = await tx
      .selectFrom('decisions')
      .selectAll()
      .where('proposal', '=', subject)
      .executeTakeFirst();
    if (earlier) {
      throw new VouchError(
        'conflict',
        `proposal ${subject}: decided already (${earlier.decision}, by ${earlier.by})`,
      );
    }
    await tx.insertInto('decisions').values(decision).execute();
    await audit(tx, {
      actor: by,
      action: `proposal.${request.decision}`,
      subject,
      detail: { decision: decision.id, verdict: proposal.verdict, why, token },
      at: now,
    });
  });
  return decision;
}

export async function decisionOn(store: Store, proposal: string): Promise<Decision | null> {
  const row = await store.db
    .selectFrom('decisions')
    .selectAll()
    .where('proposal', '=', proposal)
    .executeTakeFirst();
  return row ?? null;
}

/** By proposal. */
export async function decisionsOn(
  store: Store,
  proposals: readonly string[],
): Promise<Map<string, Decision>> {
  if (proposals.length === 0) return new Map();
  const rows = await store.db
    .selectFrom('decisions')
    .selectAll()
    .where('proposal', 'in', proposals)
    .execute();
  return new Map(rows.map((row) => [row.proposal, row]));
}

/** Newest first. */
export async function listDecisions(store: Store, limit = 200): Promise<Decision[]> {
  return store.db
    .selectFrom('decisions')
    .selectAll()
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
