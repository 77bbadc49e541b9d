import type { Selectable } from 'kysely';
import { VouchError } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { ProposalRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { evidenceSchema, type Evidence } from '../verify/evidence.ts';
import type { Proposal } from './model.ts';

/** A patch longer than this is nothing that a person could vouch for. */
const MAX_PATCH_BYTES = 4 * 1024 * 1024;

export type NewProposal = Omit<Proposal, 'id' | 'verdict' | 'evidence' | 'pullRequest' | 'createdAt'>;

/** Stores a proposal that nobody has judged yet. */
export async function createProposal(
  store: Store,
  proposal: NewProposal,
  now = Date.now(),
): Promise<Proposal> {
  if (Buffer.byteLength(proposal.patch) > MAX_PATCH_BYTES) {
    throw new VouchError('usage', `the patch is larger than ${MAX_PATCH_BYTES} bytes`);
  }
  const created: Proposal = {
    ...proposal,
    id: newId('prp', now),
    verdict: null,
    evidence: null,
    pullRequest: null,
    createdAt: now,
  };
  await store.db
    .insertInto('proposals')
    .values({ ...created, pullRequest: null })
    .execute();
  return created;
}

/** Newest first. */
export async function listProposals(
  store: Store,
  query: { subject?: string; app?: string; verdict?: NonNullable<Proposal['verdict']>; limit?: number } = {},
): Promise<Proposal[]> {
  let rows = store.db
    .selectFrom('proposals')
    .selectAll()
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit ?? 200);
  if (query.subject !== undefined) rows = rows.where('subject', '=', query.subject);
  if (query.app !== undefined) rows = rows.where('app', '=', query.app);
  if (query.verdict !== undefined) rows = rows.where('verdict', '=', query.verdict);
  return (await rows.execute()).map(fromRow);
}

/** Throws `not-found`. */
export async function getProposal(store: Store, id: string): Promise<Proposal> {
  const row = await store.db.selectFrom('proposals').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row)
    throw new VouchError('not-found', `proposal ${id}: there is none`, {
      hint: 'vouch proposals lists them',
    });
  return fromRow(row);
}

/** Stores what a verdict rests on, whole, and the verdict with it. Judging again replaces the verdict, not the old evidence. */
export async function setVerdict(
  store: Store,
  id: string,
  evidence: Evidence,
  now = Date.now(),
): Promise<{ evidence: string }> {
  const blob = await store.blobs.put(JSON.stringify(evidence));
  const evidenceId = newId('evd', now);
  await store.db.transaction().execute(async (tx) => {
    const changed = await tx
      .updateTable('proposals')
      .set({ verdict: evidence.verdict, evidence: evidenceId })
      .where('id', '=', id)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) throw new VouchError('not-found', `proposal ${id}: there is none`);
    await tx
      .insertInto('evidence')
      .values({ id: evidenceId, proposal: id, verdict: evidence.verdict, blob, createdAt: now })
      .execute();
  });
  return { evidence: evidenceId };
}

/** The evidence that the proposal's verdict rests on, or null when nobody has judged it. */
export async function getEvidence(store: Store, proposal: Proposal): Promise<Evidence | null> {
  if (proposal.evidence === null) return null;
  const row = await store.db
    .selectFrom('evidence')
    .select('blob')
    .where('id', '=', proposal.evidence)
    .executeTakeFirstOrThrow();
  const text = (await store.blobs.get(row.blob)).toString('utf8');
  return evidenceSchema.parse(JSON.parse(text));
}

/** Throws `not-found`. */
export async function setPullRequest(
  store: Store,
  id: string,
  pullRequest: Proposal['pullRequest'],
): Promise<void> {
  const changed = await store.db
    .updateTable('proposals')
    .set({ pullRequest: pullRequest === null ? null : JSON.stringify(pullRequest) })
    .where('id', '=', id)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) throw new VouchError('not-found', `proposal ${id}: there is none`);
}

function fromRow(row: Selectable<ProposalRow>): Proposal {
  const pullRequest =
    row.pullRequest === null ? null : (JSON.parse(row.pullRequest) as Proposal['pullRequest']);
  return { ...row, pullRequest };
}
