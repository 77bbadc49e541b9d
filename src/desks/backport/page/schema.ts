import { z } from 'zod';
import type { PageData } from './data.ts';

/** Bounds of a page that is handed to the server. */
const MAX = { commits: 50_000, branches: 50, text: 8000, list: 1000 } as const;

const text = z.string().max(MAX.text);
const sha = z.string().regex(/^[0-9a-f]{7,64}$/);
const letter = z.enum(['n', 'u', 'w', 'y']);
const branch = z.string().min(1).max(200);
const link = z
  .string()
  .max(500)
  .regex(/^https?:\/\//)
  .nullable();

const pageVerdictSchema = z.object({
  verdict: letter,
  confidence: z.number().min(0).max(1),
  reason: text,
  engine: z.string().max(40),
  evidence: z.array(text).max(MAX.list),
  needs: z.array(sha).max(MAX.list),
  conflicts: z.array(text).max(MAX.list).nullable(),
  prerequisites: z.array(sha).max(MAX.list),
  already: z
    .object({
      sha,
      how: z.enum(['picked-from', 'same-author-date-subject', 'same-change', 'same-commit']),
    })
    .nullable(),
  waitUntil: z.string().max(40).nullable(),
});

/** The page's data as another program may hand it in: the same shape as `PageData`. */
export const pageDataSchema: z.ZodType<PageData> = z.object({
  format: z.literal(1),
  key: z.string().min(1).max(200),
  title: z.string().max(300),
  generatedAt: z.number(),
  project: z.string().min(1).max(100),
  branches: z.array(branch).min(1).max(MAX.branches),
  links: z.object({ commit: link, issue: link }),
  autoYes: z.number(),
  commits: z
    .array(
      z.object({
        sha,
        date: z.string().max(60),
        author: z.string().max(200).nullable(),
        subject: text,
        body: text,
        bug: z.boolean(),
        files: z.array(z.tuple([text, z.number(), z.number()])).max(MAX.list),
        moreFiles: z.number(),
        verdicts: z.array(pageVerdictSchema.nullable()).max(MAX.branches),
      }),
    )
    .max(MAX.commits),
  decisions: z
    .array(
      z.object({
        id: z.number(),
        sha,
        branch,
        call: letter,
        by: z.string().max(200),
        at: z.number(),
        note: text,
        against: z.object({ by: z.string().max(200), call: letter, at: z.number() }).nullish(),
      }),
    )
    .max(MAX.commits * MAX.branches),
});
