import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import { apiBase, type HttpEffects } from '../../lib/http-client.ts';
import { hostedPullSchema, type HostedPull } from '../hosted.ts';
import { forgeFetch, repositoryParts, statusError } from '../http.ts';
import { PUBLIC_API } from './clone-url.ts';

export interface GithubConfig {
  /** `owner/name`. */
  repository: string;
  token: string;
  /** The API; for GitHub Enterprise Server `https://HOST/api/v3`. */
  baseUrl?: string;
  /** Milliseconds for one request. Default 30 s. */
  timeoutMs?: number;
}

/** What is used of GitHub's answers, checked: a proxy's page or half an answer must not become a merge. */
export const refSchema = z.object({ object: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) });
const commitSchema = z.object({
  sha: z.string(),
  tree: z.object({ sha: z.string() }),
  parents: z.array(z.object({ sha: z.string() })),
});
export const treeSchema = z.object({
  sha: z.string(),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() })),
});
export const shaSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
export const pullSchema = hostedPullSchema
  .extend({ merged_at: z.string().nullable() })
  .transform((pull) => ({ ...pull, merged: pull.merged_at !== null }));
export const mergedSchema = z.object({ sha: z.string(), merged: z.literal(true) });

export const NAME = 'github';
const MAX_PAGES = 20;

/** Requests about one repository. */
export class Api {
  private readonly octokit: Octokit;
  private readonly at: { owner: string; repo: string };

  constructor(config: GithubConfig, effects: HttpEffects, timeoutMs: number) {
    this.at = repositoryParts(config.repository);
    this.octokit = new Octokit({
      auth: config.token,
      baseUrl: apiBase('forge.baseUrl', config.baseUrl ?? PUBLIC_API),
      userAgent: 'vouch',
      request: { fetch: forgeFetch(NAME, effects, timeoutMs) },
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    });
  }

  /** Sends one request; an answer that is not of the promised form is `unavailable`. */
  async ask<T>(schema: z.ZodType<T>, route: string, values: Record<string, unknown> = {}): Promise<T> {
    let data: unknown;
    try {
      ({ data } = await this.octokit.request(route, { ...this.at, ...values }));
    } catch (error) {
      throw translate(error);
    }
    return checked(schema, data, route);
  }

  /** The same, null for a 404. */
  async find<T>(schema: z.ZodType<T>, route: string, values: Record<string, unknown>): Promise<T | null> {
    try {
      return await this.ask(schema, route, values);
    } catch (error) {
      if (error instanceof VouchError && error.code === 'not-found') return null;
      throw error;
    }
  }

  async branch(name: string): Promise<string | null> {
    const ref = await this.find(refSchema, 'GET /repos/{owner}/{repo}/git/ref/{+ref}', {
      ref: `heads/${name}`,
    });
    return ref?.object.sha ?? null;
  }

  commit(sha: string): Promise<z.infer<typeof commitSchema>> {
    return this.ask(commitSchema, 'GET /repos/{owner}/{repo}/git/commits/{sha}', { sha });
  }

  /** Pull requests from this branch, all pages. */
  async pullsOf(branch: string, base: string): Promise<HostedPull[]> {
    const head = `${this.at.owner}:${branch}`;
    const values = { ...this.at, head, base, state: 'all' as const, per_page: 100 };
    const rows: unknown[] = [];
    try {
      let pages = 0;
      for await (const page of this.octokit.paginate.iterator('GET /repos/{owner}/{repo}/pulls', values)) {
        rows.push(...(page.data as unknown[]));
        if (++pages === MAX_PAGES) break;
      }
    } catch (error) {
      throw translate(error);
    }
    return checked(z.array(pullSchema), rows, 'GET pulls');
  }
}

function nothing(): void {}

function checked<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VouchError(
    'unavailable',
    `github: ${what}: the answer is not what the API promises (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
    {
      hint: 'is forge.baseUrl the address of its API?',
    },
  );
}

function translate(error: unknown): VouchError {
  if (error instanceof VouchError) return error;
  const failed = z
    .object({
      status: z.number(),
      message: z.string(),
      response: z.object({ headers: z.record(z.string(), z.unknown()) }).optional(),
      cause: z.unknown(),
    })
    .safeParse(error);
  if (!failed.success) throw error;
  if (failed.data.cause instanceof VouchError) return failed.data.cause;
  const headers = failed.data.response?.headers ?? {};
  const limited =
    failed.data.status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers);
  return statusError(NAME, failed.data.status, failed.data.message, { limited, cause: error });
}
