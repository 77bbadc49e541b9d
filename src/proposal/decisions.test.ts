import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.ts';
import type { Evidence } from '../verify/evidence.ts';
import { listAudit } from './audit.ts';
import { decide, decisionOn, decisionsOn } from './decisions.ts';
import type { Proposal } from './model.ts';
import {
  createProposal,
  getEvidence,
  getProposal,
  listProposals,
  setPullRequest,
  setVerdict,
} from './proposals.ts';

let folder: string;
let store: Store;
let proposal: Proposal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-proposal-test-'));
  store = await openStore(folder);
  proposal = await createProposal(store, {
    desk: 'fix',
    subject: 'inc_1',
    app: 'shop',
    engine: 'manual',
    title: 'Guard',
    why: 'Given by hand.',
    kind: 'root-cause',
    patch: 'diff --git a/x b/x\n',
    trace: null,
  });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const evidence: Evidence = {
  version: 1,
  verdict: 'verified',
  reasons: [],
  gates: [{ gate: 'reproduced', holds: true, otherwise: null, detail: '2 of 2' }],
  calls: [],
  assumptions: [],
  alternatives: [],
  behaviour: null,
  before: { status: 500, headers: {}, body: 'boom' },
  after: { status: 404, headers: {}, body: '{}' },
  errors: [],
  runs: [],
  clock: 'recorded',
  isolation: 'local',
  notChecked: ['load'],
  seconds: 1.5,
};

describe('proposals', () => {
  it('are judged by nobody at first, then carry their evidence whole', async () => {
    expect(proposal).toMatchObject({ verdict: null, evidence: null, pullRequest: null });
    expect(await getEvidence(store, proposal)).toBeNull();
    await setVerdict(store, proposal.id, evidence);
    const judged = await getProposal(store, proposal.id);
    expect(judged.verdict).toBe('verified');
    expect(await getEvidence(store, judged)).toEqual(evidence);
  });

  it('are listed newest first, by what they are about', async () => {
    const { id: _id, verdict: _v, evidence: _e, pullRequest: _p, createdAt: _c, ...same } = proposal;
    const second = await createProposal(store, { ...same, title: 'Second' }, proposal.createdAt + 1);
    await createProposal(store, { ...same, subject: 'inc_2' }, proposal.createdAt + 2);
    const listed = await listProposals(store, { subject: 'inc_1' });
    expect(listed.map(({ id }) => id)).toEqual([second.id, proposal.id]);
    expect(await listProposals(store, { verdict: 'verified' })).toEqual([]);
  });

  it('keep their pull request', async () => {
    const pullRequest = { branch: 'vouch/fix-1', url: 'http://localhost/1', ref: '1', commit: 'abc' };
    await setPullRequest(store, proposal.id, pullRequest);
    expect((await getProposal(store, proposal.id)).pullRequest).toEqual(pullRequest);
  });

  it('say when there is none', async () => {
    await expect(getProposal(store, 'prp_none')).rejects.toMatchObject({ code: 'not-found' });
    await expect(setVerdict(store, 'prp_none', evidence)).rejects.toMatchObject({ code: 'not-found' });
    await expect(setPullRequest(store, 'prp_none', null)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('refuse a patch that nobody could read', async () => {
    const { id: _id, verdict: _v, evidence: _e, pullRequest: _p, createdAt: _c, ...same } = proposal;
    const huge = createProposal(store, { ...same, patch: 'x'.repeat(5 * 1024 * 1024) });
    await expect(huge).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('decide', () => {
  const by = 'Ada Lovelace';

  it('writes the decision and its line in the audit trail', async () => {
    await setVerdict(store, proposal.id, evidence);
    const request = {
      proposal: proposal.id,
      decision: 'accept' as const,
      by: ` ${by} `,
      why: 'proved',
      token: 'laptop',
    };
    const decision = await decide(store, request);
    expect(await decisionOn(store, proposal.id)).toEqual(decision);
    expect((await decisionsOn(store, [proposal.id, 'prp_2'])).get(proposal.id)).toEqual(decision);
    const [entry] = await listAudit(store.db, { subject: proposal.id });
    expect(entry).toMatchObject({
      actor: by,
      action: 'proposal.accept',
      detail: { verdict: 'verified', why: 'proved', token: 'laptop', decision: decision.id },
    });
  });

  it.each(['', '   ', '\t\n', 'Ada\u001b[31m', 'Ada\nLovelace', 'Ada <ada@example.org>'])(
    'takes nothing from nobody (%j)',
    async (nobody) => {
      const request = { proposal: proposal.id, decision: 'accept' as const, by: nobody, why: null };
      await expect(decide(store, request)).rejects.toMatchObject({ code: 'usage' });
      expect(await listAudit(store.db)).toEqual([]);
    },
  );

  it('is done once, also when several do it at the same moment', async () => {
    const request = { proposal: proposal.id, by, why: null };
    const all = await Promise.allSettled(
      (['accept', 'dismiss', 'edit', 'accept'] as const).map((decision) =>
        decide(store, { ...request, decision }),
      ),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of all)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'conflict' });
    expect(await listAudit(store.db)).toHaveLength(1);
  });

  it('accepts nothing that the gates rejected; that can be edited or dismissed', async () => {
    await setVerdict(store, proposal.id, { ...evidence, verdict: 'rejected' });
    const request = { proposal: proposal.id, by, why: null };
    await expect(decide(store, { ...request, decision: 'accept' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await listAudit(store.db)).toEqual([]);
    await expect(decide(store, { ...request, decision: 'dismiss' })).resolves.toMatchObject({ by });
  });

  it('refuses an unknown proposal and a reason without end, and leaves no trail of them', async () => {
    const request = { decision: 'accept' as const, by, why: null };
    await expect(decide(store, { ...request, proposal: 'prp_none' })).rejects.toMatchObject({
      code: 'not-found',
    });
    const endless = decide(store, { ...request, proposal: proposal.id, why: 'x'.repeat(5000) });
    await expect(endless).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('why') });
    expect(await listAudit(store.db)).toEqual([]);
  });
});
