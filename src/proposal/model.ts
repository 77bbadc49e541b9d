import { z } from 'zod';

/** Anything that is suggested to a person. All desks share it. */
export const proposalSchema = z.object({
  id: z.string(),
  desk: z.enum(['fix', 'findings', 'backport', 'notebook']),
  /** What it is about: the incident's id for the fix desk. */
  subject: z.string(),
  app: z.string().nullable(),
  engine: z.enum(['template', 'llm', 'agent', 'manual', 'rules']),
  title: z.string(),
  /** One sentence for a person: why this change, and what it rests on. */
  why: z.string(),
  kind: z.enum(['root-cause', 'mitigation']),
  /** Git-format diff against the release's tree. */
  patch: z.string(),
  verdict: z.enum(['verified', 'rejected', 'inconclusive']).nullable(),
  /** Id of the stored evidence, if it was judged. */
  evidence: z.string().nullable(),
  trace: z.string().nullable(),
  pullRequest: z
    .object({
      branch: z.string(),
      url: z.string(),
      /** The forge's own number. */
      ref: z.string(),
      /** The commit that was proved: merging anything else is refused. */
      commit: z.string(),
    })
    .nullable(),
  createdAt: z.number(),
});
export type Proposal = z.infer<typeof proposalSchema>;

export const decisionSchema = z.object({
  id: z.string(),
  proposal: z.string(),
  decision: z.enum(['accept', 'edit', 'dismiss']),
  /** The named person. Never empty: nothing is decided by nobody. */
  by: z.string().min(1).max(200),
  why: z.string().max(4000).nullable(),
  at: z.number(),
});
export type Decision = z.infer<typeof decisionSchema>;
