import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '../desks/backport/decisions.ts';
import type { Commit, Verdict } from '../desks/backport/model.ts';
import { pageDataOf, type PageData, type PageOptions } from '../desks/backport/page/data.ts';
import { writePage } from '../desks/backport/page/write.ts';
import { systemCode, VouchError } from '../lib/errors.ts';
import { createLogger } from '../lib/log.ts';
import { buildPages } from '../server/build-pages.ts';
import { NOT_BUILT, PAGES } from '../server/pages.ts';
import type { Session } from './session.ts';
import { plain } from './style.ts';

const TEMPLATE = join(PAGES, 'backport.template.html');

interface Review extends Omit<PageOptions, 'key' | 'generatedAt'> {
  commits: readonly Commit[];
  verdicts: readonly Verdict[];
  decisions: readonly Decision[];
  since: string;
}

/** The page to review these verdicts on. What was chosen on an earlier page of the same history is found again there. */
export function reviewPage({ commits, verdicts, since, ...options }: Review): PageData {
  const key = createHash('sha256').update(`${options.project}\n${since}`).digest('hex').slice(0, 16);
  return pageDataOf(commits, verdicts, { ...options, key, generatedAt: Date.now() });
}

/** Writes the page as one file that needs no server. */
export async function writeReview(session: Session, file: string, data: PageData): Promise<void> {
  const template = await templateOf();
  try {
    await writePage(file, template, data);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new VouchError('usage', `--html ${file}: cannot be written (${code})`, { cause: error });
  }
  session.progress(plain(`review it: ${file}`));
}

/** Hands the page to the server, for several people at once. Resolves with its address. */
export async function publishReview(session: Session, data: PageData): Promise<string> {
  const client = await session.client();
  // What people said is in the server's store.
  const body = { ...data, decisions: [] };
  const { url } = await client.call('publishReview', { body }, { signal: session.signal });
  if (client.url === undefined) session.progress('no server runs here: `vouch serve` shows the review');
  return plain(url);
}

/** Built like the server's pages: by itself in a checkout that has none yet. */
async function templateOf(): Promise<string> {
  const built = await readTemplate();
  if (built !== undefined) return built;
  await buildPages(createLogger());
  const now = await readTemplate();
  if (now === undefined) throw new VouchError('missing-part', NOT_BUILT);
  return now;
}

async function readTemplate(): Promise<string | undefined> {
  try {
    return await readFile(TEMPLATE, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
