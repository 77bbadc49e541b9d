import { VouchError, messageOf } from '../../lib/errors.ts';
import { listAudit } from '../../proposal/audit.ts';
import { decide, decisionOn, decisionsOn, listDecisions } from '../../proposal/decisions.ts';
import type { Decision } from '../../proposal/model.ts';
import { getEvidence, getProposal, listProposals } from '../../proposal/proposals.ts';
import type { Output } from '../api.ts';
import type { Handlers } from '../handlers.ts';
import { lookUp } from '../lookup.ts';
import type { Services, Work } from '../services.ts';
import { showRelease } from './apps.ts';

export const proposalRoutes: Pick<
  Handlers,
  'listProposals' | 'getProposal' | 'openPullRequest' | 'decide' | 'follow' | 'listDecisions'
> = {
  async listProposals({ services: { store }, input: { query } }) {
    const subject = query.subject?.startsWith('inc_')
      ? await lookUp(store, 'incident', query.subject)
      : query.subject;
    const proposals = await listProposals(store, { ...query, subject });
    const decisions = await decisionsOn(
      store,
      proposals.map(({ id }) => id),
    );
    return proposals.map((proposal) => ({ ...proposal, decision: decisions.get(proposal.id) ?? null }));
  },

  async getProposal({ services: { store }, input: { params } }) {
    const proposal = await getProposal(store, await lookUp(store, 'proposal', params.proposal));
    const incident = await store.db
      .selectFrom('incidents')
      .selectAll()
      .where('id', '=', proposal.subject)
      .executeTakeFirst();
    return {
      ...proposal,
      evidenceDetail: await getEvidence(store, proposal),
      decision: await decisionOn(store, proposal.id),
      audit: await listAudit(store.db, { subject: proposal.id }),
      incident: incident ?? null,
    };
  },

  async openPullRequest({ services: { store, fixDesk, events }, input: { params } }) {
    const id = await lookUp(store, 'proposal', params.proposal);
    const proposal = await fixDesk.openPullRequest(id);
    events.publish({ topic: 'proposal', id, app: proposal.app, text: null });
    return proposal;
  },

  async decide({ services, input: { params, body }, identity, work }) {
    const { store, events } = services;
    const proposal = await getProposal(store, await lookUp(store, 'proposal', params.proposal));
    const { decision, by, why = null, merge = true } = body;
    // Accepting also opens the pull request where there is none; only the server can deploy what it merges.
    const follows =
      merge &&
      (proposal.pullRequest !== null ? decision !== 'edit' : decision === 'accept' && services.serving);
    // Asked before anything is written down: a decision is made once.
    if (follows && decision === 'accept') needServer(services, 'what is accepted is merged and deployed');
    const decided = await decide(store, { proposal: proposal.id, decision, by, why, token: identity.name });
    events.publish({
      topic: 'decision',
      id: proposal.id,
      app: proposal.app,
      text: `${decision} by ${decided.by}`,
    });
    return follow(services, decided, follows, work);
  },

  async follow({ services, input: { params }, work }) {
    const { store } = services;
    const proposal = await getProposal(store, await lookUp(store, 'proposal', params.proposal));
    const decision = await decisionOn(store, proposal.id);
    if (!decision) {
      throw new VouchError('conflict', `proposal ${proposal.id}: nobody has decided on it`, {
        hint: `vouch decide ${proposal.id} accept --as NAME`,
      });
    }
    if (decision.decision === 'accept') needServer(services, 'what is accepted is merged and deployed');
    return follow(services, decision, true, work);
  },

  async listDecisions({ services: { store }, input: { query } }) {
    return listDecisions(store, query.limit);
  },
};

function needServer(services: Services, why: string): void {
  if (services.serving) return;
  throw new VouchError('unavailable', `no server runs on this data folder, and ${why}`, {
    hint: 'start it with `vouch serve`, or give --no-merge to write the decision down only',
  });
}

/** What was decided stands whether this succeeds or not: a failure is told in the answer. */
async function follow(
  services: Services,
  decision: Decision,
  wanted: boolean,
  work: Work,
): Promise<Output<'decide'>> {
  const followed: Output<'decide'>['followed'] = { merged: null, release: null, closed: false, error: null };
  if (!wanted) return { ...decision, followed };
  const { fixDesk, deployer, works, events } = services;
  try {
    await works.run(decision.proposal, work.signal, async (signal) => {
      const { merged, deploy, closed } = await fixDesk.follow(decision, { ...work, signal });
      followed.merged = merged;
      followed.closed = closed;
      if (deploy === null) return;
      const result = await deployer.deployCommit(deploy.app, {
        commit: deploy.commit,
        onOutput: work.onProgress,
      });
      followed.release = showRelease(result.release, await deployer.app(deploy.app));
      events.publish({ topic: 'deployment', id: result.deployment.id, app: deploy.app, text: null });
    });
  } catch (error) {
    if (!(error instanceof VouchError)) throw error;
    followed.error = messageOf(error);
  }
  return { ...decision, followed };
}
