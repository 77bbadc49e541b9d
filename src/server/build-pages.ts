import { fileURLToPath } from 'node:url';
import { messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { run } from '../lib/process.ts';
import { NOT_BUILT, PAGES, arePagesBuilt } from './pages.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/build-web.ts', import.meta.url));

/** Builds the pages of a checkout that has none yet: about a second, once. What goes wrong is said; the API works without pages. */
export async function buildPages(log: Logger): Promise<void> {
  try {
    const done = await run([process.execPath, SCRIPT], { timeoutMs: 60_000 });
    if (done.code !== 0) log.warn(done.stderr.toString('utf8').trim().slice(-500));
  } catch (error) {
    log.warn(messageOf(error));
  }
  if (!(await arePagesBuilt(PAGES))) log.warn(NOT_BUILT);
}
