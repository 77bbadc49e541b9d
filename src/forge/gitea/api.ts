import type { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import { isObject, parseJson } from '../../lib/json.ts';
import { apiBase, type HttpEffects } from '../../lib/http-client.ts';
import { forgeFetch, repositoryParts, statusError } from '../http.ts';

export interface GiteaConfig {
  /** `owner/name`. */
  repository: string;
  token: string;
  /** The server, without `/api/v1`. */
  baseUrl: string;
  /** Milliseconds for one request. Default 30 s. */
  timeoutMs?: number;
}

/** Requests below `/api/v1/repos/OWNER/NAME`. Answers that are not of the promised form are `unavailable`. */
export interface GiteaApi {
  ask<T>(schema: z.ZodType<T>, method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<T>;
  /** A GET; null for a 404. */
  find<T>(schema: z.ZodType<T>, path: string): Promise<T | null>;
}

export function createGiteaApi(config: GiteaConfig, effects: HttpEffects): GiteaApi {
  const { owner, repo } = repositoryParts(config.repository);
  const root = `${apiBase('forge.baseUrl', config.baseUrl)}/api/v1/repos/${owner}/${repo}`;
  const fetch = forgeFetch('gitea', effects, config.timeoutMs ?? 30_000);
  const send = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(root + path, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `token ${config.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const api: GiteaApi = {
    async ask(schema, method, path, body) {
      const response = await send(method, path, body);
      const text = await textOf(response);
      if (!response.ok) throw statusError('gitea', response.status, messageIn(text, response.statusText));
      const value = text === '' ? null : parseJson(text);
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      const where = parsed.error.issues[0]?.path.join('.') ?? '';
      throw new VouchError(
        'unavailable',
        `gitea: ${method} ${path.split('?')[0]}: the answer is not what the API promises (${where})`,
        {
          hint: 'is forge.baseUrl the address of the server, without /api/v1?',
        },
      );
    },
    async find(schema, path) {
      try {
        return await api.ask(schema, 'GET', path);
      } catch (error) {
        if (error instanceof VouchError && error.code === 'not-found') return null;
        throw error;
      }
    },
  };
  return api;
}

async function textOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (error instanceof VouchError) throw error;
    throw new VouchError('unavailable', 'gitea: the answer broke off', { cause: error });
  }
}

function messageIn(text: string, otherwise: string): string {
  const value = parseJson(text);
  return isObject(value) && typeof value['message'] === 'string' ? value['message'] : otherwise;
}
