import { apiBase } from '../../lib/http-client.ts';
import { repositoryParts } from '../http.ts';

export const PUBLIC_API = 'https://api.github.com';

/**
 * Where a repository is cloned from. It is not asked of the API: the token must go to no host but the configured one. GitHub has
 * its API at `api.` of the same domain, its Enterprise Server below `/api/v3`.
 */
export function cloneUrl(baseUrl: string | undefined, repository: string): string {
  const { owner, repo } = repositoryParts(repository);
  const url = new URL(apiBase('forge.baseUrl', baseUrl ?? PUBLIC_API));
  const host =
    url.host === 'api.github.com' || url.host.endsWith('.ghe.com')
      ? url.host.replace(/^api\./, '')
      : url.host;
  const path = url.pathname.replace(/\/(?:api\/v3)?\/?$/, '');
  return `${url.protocol}//${host}${path}/${owner}/${repo}.git`;
}
