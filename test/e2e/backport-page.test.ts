import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Commit, Verdict } from '../../src/desks/backport/model.ts';
import { pageDataOf, type PageOptions } from '../../src/desks/backport/page/data.ts';
import { writePage } from '../../src/desks/backport/page/write.ts';
import { PAGES } from '../../src/server/pages.ts';
import { vouch } from '../integration/server-setup.ts';
import { CHROMIUM, HOSTILE, buildPages, openBrowser, type Browser } from '../integration/web-setup.ts';
import { needs } from '../needs.ts';

/** Measures in the page itself. */
const PROBES = fileURLToPath(new URL('backport-page-probes.js', import.meta.url));

let folder: string;
let template: string;
let browser: Browser;
let page: Page;
/** What the browser complained about, asked for, or asked the person. */
let complaints: string[];

function idOf(n: number): string {
  return `${String(n).padStart(5, '0')}${'abcdef0123456789'.repeat(3)}`.slice(0, 40);
}

function commitOf(n: number, part: Partial<Commit> = {}): Commit {
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

function verdictOf(n: number, branch: string, part: Partial<Verdict> = {}): Verdict {
  return {
    sha: idOf(n),
    subject: '',
    branch,
    verdict: 'no',
    confidence: 0.8,
    probability: 0.2,
    reason: 'The message says nothing of backports.',
    engine: 'rules',
    evidence: [],
    needs: [],
    conflicts: null,
    prerequisites: [],
    already: null,
    waitUntil: null,
    ...part,
  };
}

const OPTIONS: PageOptions = {
  key: 'few',
  title: 'v3.1.0..master',
  project: 'haproxy',
  branches: ['3.0', '2.9'],
  autoYes: 0.9,
  generatedAt: 0,
  links: { commit: 'https://example.org/commit/{sha}', issue: 'https://example.org/issues/{number}' },
};

/** Eight commits: 1 and 2 are on 3.0, then no, yes, wait, uncertain, yes that needs the uncertain one, no that is documentation. */
function few(): [Commit[], Verdict[]] {
  const had = { sha: 'f'.repeat(40), how: 'picked-from' } as const;
  const commits = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => commitOf(n));
  commits[3]!.subject = 'BUG/MAJOR: stream: do not crash';
  commits[7]!.subject = 'DOC: config: explain it';
  const on30: Partial<Verdict>[] = [
    { verdict: 'yes', already: had },
    { verdict: 'no', already: had },
    {},
    {
      verdict: 'yes',
      confidence: 0.97,
      conflicts: [],
      evidence: [
        `"This must be backported as far as 2.4, see #1234 and ${idOf(3).slice(0, 12)}."`,
        'rule a +1',
      ],
    },
    { verdict: 'wait', waitUntil: '2024-01-15T00:00:00Z' },
    { verdict: 'uncertain', conflicts: ['src/stream.c', 'src/mux.c'] },
    { verdict: 'yes', needs: [idOf(6)], prerequisites: [idOf(6)], conflicts: ['src/mux.c'] },
    {},
  ];
  return [
    commits,
    on30.flatMap((part, i) => [
      verdictOf(i + 1, '3.0', part),
      verdictOf(i + 1, '2.9', { verdict: 'uncertain' }),
    ]),
  ];
}

async function made(
  name: string,
  commits: Commit[],
  verdicts: Verdict[],
  part: Partial<PageOptions> = {},
): Promise<string> {
  const file = join(folder, `${name}.html`);
  await writePage(file, template, pageDataOf(commits, verdicts, { ...OPTIONS, key: name, ...part }));
  return pathToFileURL(file).href;
}

async function open(url: string, on: Page = page): Promise<void> {
  // The same file with another hash would only be scrolled to.
  await on.goto('about:blank');
  await on.goto(url);
  await on.getByRole('table', { name: 'Commits' }).waitFor();
}

function row(n: number, on: Page = page): Locator {
  return on.locator(`tr[data-row="${n - 1}"]`);
}

async function callOf(n: number, on: Page = page): Promise<string> {
  return (await row(n, on)
    .getByRole('radiogroup')
    .getByRole('radio', { checked: true })
    .getAttribute('value'))!;
}

async function calls(on: Page = page): Promise<string> {
  let all = '';
  for (let n = 1; n <= 8; n++) all += await on.locator(`tr[data-row="${n - 1}"]`).getAttribute('data-call');
  return all;
}

/** Calls a probe in the page. */
function probe<T>(call: string): Promise<T> {
  return page.evaluate(`probes.${call}`);
}

function shown(): Promise<number[]> {
  return probe('shown()');
}

const arrays = (on: Page = page): Promise<string> => on.getByLabel('Shell arrays of commit ids').inputValue();

function watch(one: Page): void {
  one.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  one.on('pageerror', (error) => complaints.push(String(error)));
  one.on('request', (request) => {
    if (!/^(?:file|blob|data|about):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  one.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

needs(existsSync(CHROMIUM), `chromium as ${CHROMIUM}: scripts/install-system-packages`)(
  'the backport page, from the disk',
  () => {
    let url: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'vouch-backport-page-'));
      [browser] = await Promise.all([openBrowser(), buildPages()]);
      template = await readFile(join(PAGES, 'backport.template.html'), 'utf8');
      page = browser.context.pages()[0] ?? (await browser.context.newPage());
      watch(page);
      await page.addInitScript({ path: PROBES });
      url = await made('few', ...few());
    });

    afterAll(async () => {
      await browser?.close();
      await rm(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
      complaints = [];
      await page.goto(url);
      await page.evaluate('localStorage.clear()');
    });

    afterEach(() => {
      expect(complaints).toEqual([]);
    });

    it('is made by the command line', async () => {
      const lines = few()[0].map((commit) => JSON.stringify(commit));
      const commits = join(folder, 'commits.jsonl');
      const file = join(folder, 'deep', 'cli.html');
      await writeFile(commits, lines.join('\n'));
      const args = ['backport', 'triage', '--commits', commits, '--onto', '3.0', '--html', file];
      const done = await vouch([...args, '--commit-url', 'https://example.org/c/{sha}']);
      expect(done.code, done.err).toBe(0);
      await open(pathToFileURL(file).href);
      expect(await page.locator('tr[data-row]').count()).toBe(8);
      expect(await row(4).getByRole('link').first().getAttribute('href')).toBe(
        `https://example.org/c/${idOf(4)}`,
      );
      expect((await vouch(args)).code).toBe(0);
      await open(pathToFileURL(file).href);
      expect(await row(4).getByRole('link').first().getAttribute('href')).toBe(
        `https://github.com/haproxy/haproxy/commit/${idOf(4)}`,
      );
      const wrong = await vouch([...args, '--commit-url', 'javascript:{sha}']);
      expect(wrong.code).toBe(2);
      expect(wrong.err).toContain('--commit-url');
      const unwritable = await vouch([...args.slice(0, -1), folder]);
      expect(unwritable.code).toBe(2);
      expect(unwritable.err).toContain('cannot be written');
    });

    it('begins with the verdicts, after the last commit that the branch has', async () => {
      await open(url);
      expect(await shown()).toEqual([3, 4, 5, 6, 7, 8]);
      expect(await calls()).toBe('ynnywuyn');
      expect(await page.getByText('2 earlier commits are hidden').count()).toBe(1);
      expect(await page.getByRole('button', { name: /^Yes 2$/ }).count()).toBe(1);
      expect(await page.getByRole('button', { name: /^New 6$/ }).count()).toBe(1);
      await page.getByRole('radio', { name: /^All/ }).check();
      expect(await shown()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(page.url()).toContain('start=0');
      expect(await row(1).textContent()).toContain('has it as ffffffffff');
      expect(await row(4).textContent()).toContain('18-Dec23');
      expect(await row(4).textContent()).toContain('foo@haproxy');
      expect(await row(5).textContent()).toContain('until 15-Jan24');
      expect(await row(6).textContent()).toContain('conflicts in src/stream.c +1');
      const weight = (n: number): Promise<number> => probe(`weight(${n})`);
      expect(await weight(4)).toBeGreaterThan(600);
      expect(await weight(8)).toBeGreaterThan(600);
      expect(await weight(3)).toBeLessThan(600);
      const grounds = await probe<string[]>('grounds()');
      expect(new Set([grounds[2], grounds[3], grounds[4], grounds[5]]).size).toBe(4);
      expect(grounds[0]).toBe(grounds[1]);
    });

    it('emphasises and links what a reason speaks of', async () => {
      await open(url);
      const reason = row(4).getByRole('cell').last();
      expect(await reason.locator('strong').allTextContents()).toEqual(['2.4']);
      expect(await reason.getByRole('link', { name: '#1234' }).getAttribute('href')).toBe(
        'https://example.org/issues/1234',
      );
      await page.getByRole('button', { name: 'No 2' }).click();
      expect(await shown()).toEqual([4, 5, 6, 7]);
      await reason.getByRole('button', { name: idOf(3).slice(0, 12) }).click();
      await page.locator('tr[data-row="2"][aria-current]').waitFor();
      expect(await shown()).toContain(3);
    });

    it('takes choices by mouse, writes the arrays anew, and has them after a reload', async () => {
      await open(url);
      const short = (n: number): string => idOf(n).slice(0, 10);
      expect(await arrays()).toContain(`cid_y=( ${short(4)} ${short(7)} )`);
      await page.getByLabel(/^Your name/).fill('Jane');
      await row(3).getByRole('radio', { name: 'Yes', exact: true }).click();
      await row(4).getByRole('radio', { name: 'Wait' }).click();
      expect(await arrays()).toBe(
        [
          `cid_n=( ${short(8)} )`,
          `cid_u=( ${short(6)} )`,
          `cid_w=( ${short(4)} ${short(5)} )`,
          `cid_y=( ${short(3)} ${short(7)} )`,
        ].join('\n\n'),
      );
      await page.getByLabel('Shell arrays of commit ids').fill('my own words');
      await row(8).getByRole('radio', { name: 'Uncertain' }).click();
      expect(await arrays()).toContain(`cid_n=( )`);
      await page.reload();
      await row(3).waitFor();
      expect(await calls()).toBe('ynywwuyu');
      expect(await row(3).textContent()).toContain('✓ Jane');
      expect(await page.getByLabel(/^Your name/).inputValue()).toBe('Jane');
      // Of another branch they are not.
      await page.getByRole('button', { name: '2.9', exact: true }).click();
      expect(await calls()).toBe('uuuuuuuu');
      expect(page.url()).toContain('branch=2.9');
      await page.reload();
      await row(1).waitFor();
      expect(await calls()).toBe('uuuuuuuu');
    });

    it('goes by keys: move, say, open, take back, say again', async () => {
      await open(url);
      await page.keyboard.press('j');
      expect(await row(3).getAttribute('aria-current')).toBe('true');
      await page.keyboard.press('y');
      await page.keyboard.press('n');
      await page.keyboard.press('u');
      expect(await calls()).toBe('ynynuuyn');
      expect(await probe('isFocused(6)')).toBe(true);
      await page.keyboard.press('k');
      await page.keyboard.press('w');
      expect(await callOf(5)).toBe('w');
      for (const key of ['z', 'Control+z', 'z']) await page.keyboard.press(key);
      expect(await calls()).toBe('ynyywuyn');
      await page.keyboard.press('Z');
      await page.keyboard.press('Control+y');
      expect(await calls()).toBe('ynynuuyn');
      await page.keyboard.press('j');
      expect(await page.getByRole('status').filter({ hasText: 'Redone' }).textContent()).toContain('row 5');
      await page.keyboard.press('Enter');
      expect(await page.getByLabel('Message', { exact: true }).textContent()).toBe(
        'This is the message of 6.',
      );
      await page.getByLabel('Notes').fill('ask Bob: y n w');
      await page.keyboard.press('Escape');
      expect(await probe('isFocused(6)')).toBe(true);
      await page.keyboard.press('o');
      expect(await page.getByLabel('Message', { exact: true }).count()).toBe(0);
      expect(await row(6).textContent()).toContain('ask Bob: y n w');
      await page.keyboard.press('?');
      expect(await page.getByRole('dialog', { name: 'Keys' }).isVisible()).toBe(true);
      await page.keyboard.press('y');
      await page.keyboard.press('Escape');
      expect(await callOf(6)).toBe('u');
      await row(6).focus();
      await page.keyboard.press('s');
      expect(await shown()).toEqual([6, 7, 8]);
      await page.keyboard.press(']');
      expect(page.url()).toContain('branch=2.9');
    });

    it('goes on to the next row when what was said hides this one', async () => {
      await open(`${url}#show=u,new&start=0`);
      expect(await shown()).toEqual([6]);
      await open(`${url}#show=uw,new&start=0`);
      await page.keyboard.press('j');
      await page.keyboard.press('y');
      expect(await shown()).toEqual([6]);
      expect(await row(6).getAttribute('aria-current')).toBe('true');
      await page.keyboard.press('y');
      expect(await page.getByText('Nothing to show with these switches').isVisible()).toBe(true);
    });

    it('finds words in all that is known of a commit', async () => {
      await open(url);
      await page.keyboard.press('/');
      for (const [query, expected] of [
        ['CRASH stream', [4]],
        ['file6.c', [6]],
        ['message 7.', [7]],
        [idOf(5).slice(0, 8), [5]],
        ['src/mux.c', [6, 7]],
        ['as far as', [4]],
        ['no such words', []],
      ] as const) {
        await page.getByRole('searchbox').fill(query);
        expect(await shown()).toEqual(expected);
      }
      await page.keyboard.press('Escape');
      expect(await shown()).toEqual([3, 4, 5, 6, 7, 8]);
      await page.keyboard.type('mux file7');
      await page.keyboard.press('Enter');
      expect(await row(7).getAttribute('aria-current')).toBe('true');
      await page.keyboard.press('n');
      expect(await callOf(7)).toBe('n');
    });

    it('says what a pick lacks, and by branch what conflicts', async () => {
      await open(url);
      const lacks = row(7).getByText('which is not picked');
      expect(await lacks.count()).toBe(1);
      expect(await page.getByText('One of them needs commits that are not picked').isVisible()).toBe(true);
      await row(6).getByRole('radio', { name: 'Yes', exact: true }).click();
      expect(await lacks.count()).toBe(0);
      expect(await page.getByText(/needs commits that are not picked/).count()).toBe(0);
      await page.getByRole('button', { name: '2.9', exact: true }).click();
      expect(await page.getByText(/conflicts in/).count()).toBe(0);
    });

    it('hands decisions to somebody else, who chooses where they differ', async () => {
      await open(url);
      await page.getByLabel(/^Your name/).fill('Jane');
      await row(3).getByRole('radio', { name: 'Yes', exact: true }).click();
      await row(5).getByRole('radio', { name: 'No', exact: true }).click();
      await row(6).getByRole('radio', { name: 'Wait' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export' }).click(),
      ]);
      const file = join(folder, 'decisions.json');
      await download.saveAs(file);
      const fresh = await openBrowser();
      try {
        const other = fresh.context.pages()[0] ?? (await fresh.context.newPage());
        watch(other);
        await open(url, other);
        expect(await calls(other)).toBe('ynnywuyn');
        await row(5, other).getByRole('radio', { name: 'Yes', exact: true }).click();
        await row(6, other).getByRole('radio', { name: 'Yes', exact: true }).click();
        const picker = other.getByLabel('File of decisions');
        await picker.setInputFiles(file);
        const dialog = other.getByRole('dialog', { name: 'Import decisions' });
        expect(await dialog.textContent()).toContain(
          '1 new, 0 as you have them, 2 otherwise than you have them',
        );
        await dialog
          .getByRole('group')
          .first()
          .getByLabel(/Theirs/)
          .check();
        await dialog.getByRole('button', { name: 'Take 2' }).click();
        expect(await calls(other)).toBe('ynyynyyn');
        expect(await row(3, other).textContent()).toContain('✓ Jane');
        await other.keyboard.press('z');
        expect(await calls(other)).toBe('ynnyyyyn');
        await writeFile(file, 'nonsense');
        await picker.setInputFiles(file);
        expect(await other.getByRole('alert').textContent()).toBe('The file is not JSON.');
        await other.keyboard.press('Escape');
        await other.reload();
        await row(3, other).waitFor();
        expect(await calls(other)).toBe('ynnyyyyn');
      } finally {
        await fresh.close();
      }
    });

    it('shows hostile texts as texts, and runs nothing of them', async () => {
      const bad = `${HOSTILE}</script><script>alert(1)</script>&lt;b&gt; \u202eevil\u0007 {{1}} \${1} __proto__ \ud800 ${'x'.repeat(300)}`;
      const [commits, verdicts] = few();
      for (const commit of commits) {
        commit.subject = `${bad} ${commit.sha}`;
        commit.body = `${bad}\n${'</textarea>'.repeat(2 ** 20 / 11)}`;
        commit.files = [
          { path: '__proto__', added: 1, removed: 1 },
          { path: bad, added: 1, removed: 1 },
        ];
        commit.author = { name: bad, email: bad };
      }
      for (const verdict of verdicts) {
        verdict.reason = bad;
        verdict.evidence = [`"${bad}"`, bad, '__proto__', 'constructor'];
        verdict.conflicts = [bad, '__proto__'];
        if (verdict.branch === '2.9') verdict.branch = '__proto__';
      }
      const hostile = await made('hostile', commits, verdicts, {
        title: bad,
        project: bad,
        branches: ['3.0', '__proto__', bad],
        decisions: [
          { id: 1, sha: idOf(4), branch: '3.0', call: 'wait', note: bad, by: bad, at: 0, against: null },
        ],
      });
      await open(`${hostile}#show=nuwy,new,backported&start=0&branch=<script>alert(1)</script>`);
      await page.keyboard.press('j');
      await page.keyboard.press('o');
      expect(await row(1).textContent()).toContain('<img src=x onerror="window.hacked=1">');
      expect(await row(1).textContent()).toContain('⟨U+202E⟩evil⟨U+0007⟩');
      expect((await page.getByLabel('Message', { exact: true }).textContent())!.length).toBeLessThan(4200);
      for (const width of [1280, 420]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await probe('over()')).toBeLessThanOrEqual(0);
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.getByRole('button', { name: '__proto__', exact: true }).click();
      await page.keyboard.press('y');
      await page.keyboard.press('Shift+?');
      await page.keyboard.press('Escape');
      await page.reload();
      await row(1).waitFor();
      expect(await page.locator('img, iframe, object, embed').count()).toBe(0);
      expect(await page.locator('a[href]:not([href^="https://example.org/"])').count()).toBe(0);
      expect(await page.locator('script').count()).toBe(2);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      // Nothing that is put into the page later would run or be fetched either.
      expect(await probe('refused()')).toEqual(['img-src', 'script-src']);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      complaints = complaints.filter((line) => !/Content Security Policy|x\.png$/.test(line));
    });

    it('works where nothing may be stored, and says so', async () => {
      const one = await browser.context.newPage();
      watch(one);
      await one.addInitScript(
        "Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError'); }",
      );
      await open(url, one);
      expect(await one.getByRole('alert').textContent()).toContain('Export it before');
      await one.keyboard.press('j');
      await one.keyboard.press('y');
      expect(await callOf(3, one)).toBe('y');
      await one.close();
    });

    it('follows another window', async () => {
      const one = await browser.context.newPage();
      watch(one);
      // One that is not in front draws nothing, and may be put off for as long as the browser likes.
      try {
        await open(url, one);
        await page.bringToFront();
        await open(url);
        await row(3).getByRole('radio', { name: 'Yes', exact: true }).click();
        await row(3).locator('input[value="y"]:checked').waitFor();
        await one.bringToFront();
        await row(3, one).locator('input[value="y"]:checked').waitFor();
      } finally {
        await one.close();
        await page.bringToFront();
      }
    });

    it('names everything for who cannot see it', async () => {
      await open(`${url}#start=0`);
      const table = page.getByRole('table', { name: 'Commits' });
      expect(await table.getByRole('columnheader').allTextContents()).toEqual([
        'All',
        'CID',
        'Subject',
        'Verdict',
        'Reason',
      ]);
      expect(await table.getByRole('row').count()).toBe(9);
      expect(await row(4).getByRole('cell').count()).toBe(5);
      const group = page.getByRole('radiogroup', {
        name: `${idOf(4).slice(0, 10)} BUG/MAJOR: stream: do not crash`,
      });
      expect(await group.getByRole('radio').count()).toBe(4);
      await group.getByRole('radio', { name: 'Yes' }).focus();
      await page.keyboard.press('ArrowLeft');
      expect(await callOf(4)).toBe('w');
      expect(await page.locator('#said').textContent()).toMatch(
        /^Row 4: Wait\. 2 yes, 2 wait, 1 uncertain, 3 no$/,
      );
      expect(await probe('unnamed()')).toEqual([]);
    });

    it.each(['light', 'dark'] as const)('can be read, in %s colours', async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await open(`${url}#start=0`);
      await page.keyboard.press('j');
      await page.keyboard.press('o');
      const faint = await probe('contrasts()');
      await page.emulateMedia({ colorScheme: null });
      expect(faint).toEqual([]);
    });

    it.each([360, 420, 700, 1000])('fits a width of %i', async (width) => {
      await page.setViewportSize({ width, height: 800 });
      await open(`${url}#start=0`);
      await page.keyboard.press('j');
      await page.keyboard.press('o');
      const over = await probe('over()');
      await page.setViewportSize({ width: 1280, height: 800 });
      expect(over).toBeLessThanOrEqual(0);
    });

    it('of 5,000 rows is as quick as one of 200, and has all of them for finding and printing', async () => {
      const costs: Record<number, Record<string, number>> = {};
      for (const count of [200, 5000]) {
        const commits = Array.from({ length: count }, (_, i) =>
          commitOf(i + 1, { body: 'A message. '.repeat(60) }),
        );
        const verdicts = commits.flatMap((_, i) => [
          verdictOf(i + 1, '3.0', { verdict: (['yes', 'no', 'no', 'uncertain'] as const)[i % 4]! }),
        ]);
        await open(await made(`many-${count}`, commits, verdicts, { branches: ['3.0'] }));
        await row(count).waitFor({ state: 'attached' });
        await page.keyboard.press('j');
        const key = await probe<number>(`cost({ keys: '${'jynjyz'.repeat(10)}' })`);
        await page.getByRole('searchbox').focus();
        const search = await probe<number>(`cost({ texts: ['n', 'nu', 'num', 'numb', 'num', 'nu', 'n'] })`);
        costs[count] = { key, search };
        if (count === 200) continue;
        await page.getByRole('searchbox').fill('');
        expect(await page.evaluate("getSelection().removeAllRanges(); find('commit number 4987')")).toBe(
          true,
        );
        expect(await probe('isInSight(4987)')).toBe(true);
        await page.emulateMedia({ media: 'print' });
        expect(await probe('heights()')).toBe(5000);
        expect(await page.locator('button:visible, input:not(:checked):visible').count()).toBe(0);
        await page.emulateMedia({ media: null });
      }
      process.stdout.write(`backport page, medians in ms: ${JSON.stringify(costs)}\n`);
      expect(costs[5000]!['key']! / costs[200]!['key']!).toBeLessThan(2.5);
      expect(costs[5000]!['search']! / costs[200]!['search']!).toBeLessThan(3);
    });
  },
);
