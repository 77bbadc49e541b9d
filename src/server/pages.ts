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

/** What to do about pages that are not there, for the log and for whoever asks for one. */
export const NOT_BUILT =
  'the pages are not built; do: run `npm run build:web` in the checkout, then load them again';

/**
 * Serves the built pages: a file that is there, else `index.html`, which shows what the path names. Only files listed
 * beforehand are read, so that no path leads elsewhere. `?token=` signs in, once, and is taken off the address.
 */
export function pagesFrom(folder: string): (c: Context, store: Store) => Promise<Response> {
  let files = new Map<string, string>();
  return async (c, store) => {
    const url = new URL(c.req.url);
    const token = url.searchParams.get('token');
    if (token !== null) {
      await startSession(c, store, token);
      url.searchParams.delete('token');
      return c.redirect(`${url.pathname.replace(/^\/{2,}/, '/')}${url.search}`, 303);
    }
    // Looked at again for what is not known: they may be built, again, while the server runs.
    if (!files.has(c.req.path)) files = await listFiles(folder);
    const asked = files.get(c.req.path);
    if (asked === undefined && extname(c.req.path) !== '') return c.notFound();
    const path = asked ?? files.get('/index.html');
    c.header('content-security-policy', POLICY);
    if (path === undefined) return c.text(`Vouch runs, but ${NOT_BUILT}\n`, 503);
    c.header('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    // Names of assets hold a hash of what is in them.
    c.header(
      'cache-control',
      c.req.path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
    return c.body(new Uint8Array(await readFile(path)));
  };
}

/** Whether there is anything to serve. */
export async function arePagesBuilt(folder: string): Promise<boolean> {
  return (await listFiles(folder)).has('/index.html');
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
