import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'hono';
import { systemCode } from '../lib/errors.ts';
import type { Store } from '../store/store.ts';
import { startSession } from './sessions.ts';

/** Where `npm run build:web` puts the pages. */
export const PAGES = fileURLToPath(new URL('../../web/dist', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** Payloads of recorded traffic are shown on these pages: nothing but our own scripts may run there. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>Vouch</title>
<h1>Vouch is running</h1><p>Its pages are not built: run <code>npm run build:web</code> in the checkout, then load this again.</p>`;

/**
 * Serves the built pages: a file that is there, else `index.html`, which shows what the path names. Only files listed
 * beforehand are read, so that no path leads elsewhere. `?token=` signs in, once, and is taken off the address.
 */
export function pagesFrom(folder: string): (c: Context, store: Store) => Promise<Response> {
  let files: Map<string, string> | undefined;
  return async (c, store) => {
    const url = new URL(c.req.url);
    const token = url.searchParams.get('token');
    if (token !== null) {
      await startSession(c, store, token);
      url.searchParams.delete('token');
      return c.redirect(`${url.pathname.replace(/^\/{2,}/, '/')}${url.search}`, 303);
    }
    // Asked again until there is something: they may be built while the server runs.
    if (!files || files.size === 0) files = await listFiles(folder);
    const asked = files.get(c.req.path);
    if (asked === undefined && extname(c.req.path) !== '') return c.notFound();
    const path = asked ?? files.get('/index.html');
    c.header('content-security-policy', POLICY);
    if (path === undefined) return c.html(NOT_BUILT);
    c.header('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    // Names of assets hold a hash of what is in them.
    c.header(
      'cache-control',
      c.req.path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
    return c.body(new Uint8Array(await readFile(path)));
  };
}

async function listFiles(folder: string): Promise<Map<string, string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return new Map(files.map((path) => [`/${relative(folder, path)}`, path]));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Map();
    throw error;
  }
}
