import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { pageDataOf } from '../../src/desks/backport/page/data.ts';
import type { Commit, Verdict } from '../../src/desks/backport/model.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { startServer, vouch, environment, type Server } from '../integration/server-setup.ts';
import { CHROMIUM, buildPages } from '../integration/web-setup.ts';

const PROBES = fileURLToPath(new URL('backport-page-probes.js', import.meta.url));

/** A server, its store, and a browser in which several people look at it. */
export interface Room {
  server: Server;
  store: Store;
  /** For files of a test. */
  folder: string;
  /** What the browsers complained about. */
  complaints: string[];
  /** Somebody with a browser of their own. */
  person(role?: 'maintainer' | 'viewer'): Promise<{ context: BrowserContext; page: Page }>;
  /** Publishes these commits, by the command line; resolves with the address. */
  publish(name: string, commits: readonly Commit[], ...onto: string[]): Promise<string>;
  /** Publishes a page as it is; resolves with the address. */
  put(name: string, commits: readonly Commit[], verdicts: readonly Verdict[]): Promise<string>;
  /** Everything that was said of a commit, in order: `Jane yes`. */
  said(n: number): Promise<string[]>;
  close(): Promise<void>;
}

function idOf(n: number): string {
  return `${String(n).padStart(5, '0')}${'abcdef0123456789'.repeat(3)}`.slice(0, 40);
}

export function commitOf(n: number, part: Partial<Commit> = {}): Commit {
  return {
    sha: idOf(n),
    date: '2023-12-18T10:00:00Z',
    subject: `MINOR: mux: commit number ${n}`,
    body: `This is the message of ${n}.`,
    files: [{ path: `src/file${n}.c`, added: n, removed: 1 }],
    author: { name: 'Foo', email: 'foo@haproxy.org' },
    ...part,
  };
}

export async function openRoom(): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-backport-live-'));
  const data = join(folder, 'data');
  const [browser, server] = await Promise.all([launch(), startServer(data), buildPages()]);
  const store = await openStore(data);
  const complaints: string[] = [];
  const ask = async (path: string, body: unknown): Promise<Record<string, string>> => {
    const headers = { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' };
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect(response.status, await response.clone().text()).toBe(200);
    return (await response.json()) as Record<string, string>;
  };
  return {
    server,
    store,
    folder,
    complaints,
    async person(role = 'maintainer') {
      const { token } = await ask('/api/tokens', { name: `a ${role}`, role });
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      watch(page, complaints);
      await page.addInitScript({ path: PROBES });
      await page.goto(`${server.url}/backport?token=${token}`);
      await page.getByRole('heading', { name: 'Backports' }).waitFor();
      return { context, page };
    },
    async publish(name, commits, ...onto) {
      const file = join(folder, `${name}.jsonl`);
      await writeFile(file, commits.map((commit) => JSON.stringify(commit)).join('\n'));
      const args = ['backport', 'triage', '--commits', file, '--rules', 'haproxy', '--onto', ...onto];
      const done = await vouch([...args, '--publish', '--json', '--data', data], { env: environment() });
      expect(done.code, done.err).toBe(0);
      expect(JSON.parse(done.out)).toHaveLength(commits.length * onto.length);
      return /^http\S+\/backport\/rev_\w+$/m.exec(done.err)![0];
    },
    async put(name, commits, verdicts) {
      const page = pageDataOf(commits, verdicts, {
        key: name,
        title: name,
        project: 'haproxy',
        branches: ['3.0'],
        autoYes: 0.9,
        generatedAt: 0,
        links: { commit: null, issue: null },
      });
      return (await ask('/api/backport/reviews', page))['url']!;
    },
    async said(n) {
      const rows = await store.db
        .selectFrom('backportDecisions')
        .select(['by', 'call', 'note'])
        .where('sha', '=', idOf(n))
        .orderBy('id')
        .execute();
      return rows.map(({ by, call, note }) => `${by} ${call}${note === '' ? '' : `: ${note}`}`);
    },
    async close() {
      await browser.close();
      await store.close();
      if (server.child.exitCode === null) await server.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function launch(): Promise<Browser> {
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

function watch(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    // The browser itself notes each request that fails.
    if (message.type() === 'error' && !/net::ERR_(?:INTERNET_DISCONNECTED|FAILED)/.test(message.text()))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

export async function open(page: Page, url: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(url);
  await page.getByRole('table', { name: 'Commits' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
}

export function row(page: Page, n: number): Locator {
  return page.locator(`tr[data-row="${n - 1}"]`);
}

/** Clicks a choice; does what a person does when the name is asked for. */
export async function choose(
  page: Page,
  n: number,
  call: 'Yes' | 'No' | 'Wait' | 'Uncertain',
): Promise<void> {
  await row(page, n).getByRole('radio', { name: call, exact: true }).click();
}

export async function giveName(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Who are you?' });
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: 'Go on' }).click();
}

/** Waits until the row shows the call. */
export async function shows(page: Page, n: number, call: 'n' | 'u' | 'w' | 'y'): Promise<void> {
  await page.locator(`tr[data-row="${n - 1}"][data-call="${call}"]`).waitFor({ state: 'attached' });
}

export async function saved(page: Page): Promise<void> {
  await page.getByText('Saved', { exact: true }).waitFor();
}
