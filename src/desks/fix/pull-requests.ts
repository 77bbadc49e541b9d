import type { Forge } from '../../forge/port.ts';
import { getIncident, listOccurrences, setIncidentStatus } from '../../incident/store.ts';
import { VouchError } from '../../lib/errors.ts';
import { applyPatch } from '../../patch/apply.ts';
import type { Deployer } from '../../deploy/facade.ts';
import type { Decision, Proposal } from '../../proposal/model.ts';
import { getEvidence, getProposal, setPullRequest } from '../../proposal/proposals.ts';
import type { Store } from '../../store/store.ts';
import type { Work } from './model.ts';
import { pullRequestText } from './pull-request.ts';

export interface PullRequestOptions {
  store: Store;
  deployer: Deployer;
  /** The forge of an app: its own repository, or a hosted one. */
  forgeOf: (app: string) => Promise<Forge>;
}

export interface Followed {
  merged: { commit: string } | null;
  /** The commit of the app's own repository that production should now run; null when it is deployed elsewhere. */
  deploy: { app: string; commit: string } | null;
  closed: boolean;
}

const AUTHOR = { name: 'Vouch', email: 'vouch@localhost' };

/** Opens pull requests for proposals, and does with them what a person decided. */
export function createPullRequests({ store, deployer, forgeOf }: PullRequestOptions) {
  return { open, follow };

  /** Throws `conflict` for a proposal that is rejected or was never judged. Opening it again gives the same pull request. */
  async function open(proposalId: string): Promise<Proposal> {
    const proposal = await getProposal(store, proposalId);
    if (proposal.pullRequest !== null) return proposal;
    const evidence = await getEvidence(store, proposal);
    if (!evidence)
      throw new VouchError('conflict', `proposal ${proposalId}: nobody has judged it`, {
        hint: 'vouch verify INCIDENT --patch FILE',
      });
    if (evidence.verdict === 'rejected') {
      throw new VouchError(
        'conflict',
        `proposal ${proposalId}: it was rejected: ${evidence.reasons[0] ?? ''}`,
      );
    }
    const app = await deployer.app(proposal.app ?? '');
    const incident = await getIncident(store, proposal.subject);
    const occurrence = (await listOccurrences(store, incident.id))[0];
    if (!occurrence) throw new VouchError('conflict', `incident ${incident.id}: it has no occurrence`);
    const release = await deployer.release(app.name, evidence.release ?? occurrence.release);
    const applied = await applyPatch(await deployer.treeOf(release), proposal.patch);
    if (!applied.ok)
      throw new VouchError('conflict', `proposal ${proposalId}: it no longer applies: ${applied.reason}`);
    const { title, body } = pullRequestText({ proposal, evidence, incident, error: occurrence.error });
    const forge = await forgeOf(app.name);
    const opened = await forge.open({
      branch: `vouch/fix-${proposal.id.slice(4)}`,
      base: app.settings.branch,
      title,
      body,
      changes: applied.changes,
      message: `${title}\n\n${proposal.why}\n`,
      author: AUTHOR,
    });
    await setPullRequest(store, proposal.id, opened);
    await setIncidentStatus(store, incident.id, 'proposed');
    return { ...proposal, pullRequest: opened };
  }

  /** Merges, never without the name of a person, or closes. Doing it again is harmless. */
  async function follow(decision: Decision, work: Work): Promise<Followed> {
    const nothing: Followed = { merged: null, deploy: null, closed: false };
    const proposal = await getProposal(store, decision.proposal);
    if (decision.decision === 'edit') return nothing; // the person goes on by hand
    if (decision.decision === 'dismiss') {
      if (!proposal.pullRequest) return nothing;
      await (
        await forgeOf(proposal.app ?? '')
      ).close(
        proposal.pullRequest.ref,
        `Dismissed by ${decision.by}${decision.why ? `: ${decision.why}` : ''}`,
      );
      return { ...nothing, closed: true };
    }
    const { pullRequest } = await open(proposal.id);
    const forge = await forgeOf(proposal.app ?? '');
    work.onProgress(`merging ${pullRequest!.branch} as ${decision.by}`);
    const merged = await forge.merge(
      pullRequest!.ref,
      { name: decision.by, email: emailOf(decision.by) },
      pullRequest!.commit,
    );
    await setIncidentStatus(store, proposal.subject, 'resolved');
    return {
      merged,
      deploy: forge.name === 'local' ? { app: proposal.app!, commit: merged.commit } : null,
      closed: false,
    };
  }
}

/** Git wants an address; a person is named by name. */
function emailOf(name: string): string {
  const address = /<?([^\s<>@]+@[^\s<>@]+)>?$/.exec(name)?.[1];
  return (
    address ??
    `${
      name
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '.')
        .replaceAll(/^\.|\.$/g, '') || 'person'
    }@localhost`
  );
}
