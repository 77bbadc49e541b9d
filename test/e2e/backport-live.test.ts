import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CHROMIUM, HOSTILE } from '../integration/web-setup.ts';
import { needs } from '../needs.ts';
import {
  choose,
  commitOf,
  giveName,
  open,
  openRoom,
  row,
  saved,
  shows,
  type Room,
} from './backport-live-setup.ts';

let room: Room;
let jane: { context: BrowserContext; page: Page };
let tom: { context: BrowserContext; page: Page };
let url: string;
let reviews = 0;
/** Of the review at hand: each has commits of its own, since decisions belong to commits. */
let first: number;

needs(existsSync(CHROMIUM), `chromium as ${CHROMIUM}: scripts/install-system-packages`)(
  'a review that several people look at',
  () => {
    beforeAll(async () => {
      room = await openRoom();
      [jane, tom] = [await room.person(), await room.person()];
      await jane.page.getByText('Nothing is published yet').waitFor();
      expect(await jane.page.locator('main').textContent()).toContain('vouch backport triage');
    });

    afterAll(() => room?.close());

    beforeEach(async () => {
      first = 100 * ++reviews;
      const commits = Array.from({ length: 8 }, (_, i) => commitOf(first + i));
      url = await room.publish(`review-${reviews}`, commits, '3.0', '2.9');
    });

    afterEach(async () => {
      await tom.context.setOffline(false);
      expect(room.complaints.splice(0)).toEqual([]);
      for (const { page } of [jane, tom]) expect(await page.evaluate('window.hacked')).toBeUndefined();
    });

    async function both(): Promise<void> {
      await Promise.all([open(jane.page, url), open(tom.page, url)]);
    }

    it('asks for a name before the first choice, once, and keeps what was chosen meanwhile', async () => {
      await both();
      await choose(jane.page, 1, 'Yes');
      expect(await room.said(first)).toEqual([]);
      await jane.page.keyboard.press('Escape');
      expect(await row(jane.page, 1).getAttribute('data-call')).not.toBe('y');
      await choose(jane.page, 1, 'Yes');
      await giveName(jane.page, ' Jane ');
      await saved(jane.page);
      await shows(tom.page, 1, 'y');
      expect(await row(tom.page, 1).textContent()).toContain('✓ Jane');
      await jane.page.reload();
      await shows(jane.page, 1, 'y');
      await jane.page.keyboard.press('j');
      await jane.page.keyboard.press('n');
      await saved(jane.page);
      expect(await jane.page.getByRole('dialog').count()).toBe(0);
      await choose(tom.page, 2, 'Wait');
      await giveName(tom.page, 'Tom');
      await saved(tom.page);
      expect(await room.said(first)).toEqual(['Jane yes', 'Jane no']);
      expect(await room.said(first + 1)).toEqual(['Tom wait']);
    });

    it('has both sayings where two people choose at the same moment, and both see the same', async () => {
      await both();
      const keys = async (page: Page, text: string): Promise<void> => {
        await page.getByRole('radio', { name: /^All/ }).check();
        await row(page, 1).focus();
        await page.keyboard.type(text);
        await saved(page);
      };
      await Promise.all([keys(jane.page, 'ynywnyuy'), keys(tom.page, 'nnwwyyyn')]);
      const calls = (text: string): string[] =>
        Array.from(text, (letter) => ({ y: 'yes', n: 'no', w: 'wait', u: 'uncertain' })[letter]!);
      for (let n = 0; n < 8; n++) {
        const expected = [`Jane ${calls('ynywnyuy')[n]}`, `Tom ${calls('nnwwyyyn')[n]}`];
        expect((await room.said(first + n)).toSorted()).toEqual(expected);
      }
      await expect.poll(() => callsOf(tom.page)).toBe(await callsOf(jane.page));
      await expect.poll(() => disputes(tom.page)).toEqual(await disputes(jane.page));
    });

    it('shows both what they disagree on, until one of them says it again', async () => {
      await both();
      await tom.context.setOffline(true);
      await choose(tom.page, 3, 'No');
      await tom.page.getByText('Not saved yet (1)', { exact: true }).waitFor();
      await choose(jane.page, 3, 'Yes');
      await saved(jane.page);
      await tom.context.setOffline(false);
      await saved(tom.page);
      for (const { page } of [jane, tom]) {
        const disputed = row(page, 3).locator('.bp-disputed');
        await disputed.waitFor();
        expect(await disputed.textContent()).toMatch(
          /Tom said no, (?:\d+ sec\. ago|just now); Jane said yes, (?:\d+ sec\. ago|just now)\. Say it again/,
        );
        await page.getByRole('button', { name: 'Disputed 1' }).click();
        expect(await shown(page)).toEqual([3]);
        await page.getByRole('button', { name: 'Disputed 1' }).click();
        expect((await shown(page)).length).toBeGreaterThan(1);
        await row(page, 8).focus();
        await page.keyboard.press('d');
        await page.locator('tr[data-row="2"][aria-current]').waitFor();
      }
      for (const colorScheme of ['light', 'dark'] as const) {
        await jane.page.emulateMedia({ colorScheme });
        expect(await jane.page.evaluate('probes.contrasts()')).toEqual([]);
      }
      expect(await jane.page.evaluate('probes.unnamed()')).toEqual([]);
      for (const width of [360, 700, 1280]) {
        await jane.page.setViewportSize({ width, height: 800 });
        expect(await jane.page.evaluate('probes.over()')).toBeLessThanOrEqual(0);
      }
      // A word beside it settles nothing.
      await jane.page.keyboard.press('o');
      await jane.page.getByLabel('Notes').fill('I am sure');
      await jane.page.keyboard.press('Escape');
      await saved(jane.page);
      await row(tom.page, 3).getByText('Jane: I am sure').waitFor();
      expect(await disputes(tom.page)).toEqual([3]);
      await tom.page.keyboard.press('n');
      for (const { page } of [jane, tom]) {
        await page.locator('.bp-disputed').waitFor({ state: 'detached' });
        await shows(page, 3, 'n');
      }
      expect(await room.said(first + 2)).toEqual(['Jane yes', 'Tom no', 'Jane note: I am sure', 'Tom no']);
    });

    it('loses nothing without a line: it waits, also over a reload, and is sent when there is one', async () => {
      await both();
      await tom.context.setOffline(true);
      await choose(tom.page, 1, 'Yes');
      await choose(tom.page, 2, 'Yes');
      await choose(tom.page, 2, 'Wait');
      await tom.page.getByText('Not saved yet (3)', { exact: true }).waitFor();
      expect(await tom.page.getByRole('alert').textContent()).toContain('kept in this browser');
      // The server is there for the page itself, and not for what is said.
      await tom.page.route('**/decisions', (route) => route.abort());
      await tom.context.setOffline(false);
      await tom.page.reload();
      await shows(tom.page, 1, 'y');
      await shows(tom.page, 2, 'w');
      expect(await room.said(first)).toEqual([]);
      await tom.page.unroute('**/decisions');
      await tom.page.getByRole('button', { name: 'Try now' }).click();
      await saved(tom.page);
      expect(await room.said(first)).toEqual(['Tom yes']);
      expect(await room.said(first + 1)).toEqual(['Tom yes', 'Tom wait']);
      await shows(jane.page, 2, 'w');
      expect(
        await tom.page.evaluate('Object.keys(localStorage).filter((name) => /unsaved/.test(name))'),
      ).toEqual([]);
    });

    it('keeps what is chosen when a session has ended, and sends it after signing in', async () => {
      await both();
      const cookies = await tom.context.cookies();
      await tom.context.clearCookies();
      await choose(tom.page, 1, 'Yes');
      await tom.page.getByLabel('Token').waitFor();
      expect(await room.said(first)).toEqual([]);
      await tom.context.addCookies(cookies);
      await tom.page.reload();
      await saved(tom.page);
      await shows(jane.page, 1, 'y');
      expect(await room.said(first)).toEqual(['Tom yes']);
      expect(room.complaints.splice(0).filter((line) => !/status of 401/.test(line))).toEqual([]);
    });

    it('keeps the notes of both, who write at once', async () => {
      await both();
      for (const { page } of [jane, tom]) {
        await row(page, 4).focus();
        await page.keyboard.press('o');
        await page.getByLabel('Notes').focus();
      }
      await Promise.all([
        jane.page.keyboard.type('needs the fix of the parser'),
        tom.page.keyboard.type('wait for the release'),
      ]);
      // Neither is disturbed by what the other writes.
      await row(jane.page, 4).getByText('Tom: wait for the release').waitFor();
      await row(tom.page, 4).getByText('Jane: needs the fix of the parser').waitFor();
      expect(await jane.page.getByLabel('Notes').inputValue()).toBe('needs the fix of the parser');
      await jane.page.keyboard.type(', I think');
      await row(tom.page, 4).getByText('Jane: needs the fix of the parser, I think').waitFor();
      expect(await tom.page.getByLabel('Notes').inputValue()).toBe('wait for the release');
      await saved(jane.page);
      expect((await room.said(first + 3)).at(-1)).toBe('Jane note: needs the fix of the parser, I think');
      await jane.page.reload();
      await row(jane.page, 4).getByText('Tom: wait for the release').waitFor();
      expect(await row(jane.page, 4).textContent()).toContain('needs the fix of the parser, I think');
    });

    it('takes back: what others said holds again', async () => {
      await both();
      await choose(jane.page, 1, 'Yes');
      await shows(tom.page, 1, 'y');
      await row(tom.page, 1).focus();
      await tom.page.keyboard.press('n');
      await shows(jane.page, 1, 'n');
      await tom.page.keyboard.press('z');
      await shows(jane.page, 1, 'y');
      await shows(tom.page, 1, 'y');
      expect(await row(jane.page, 1).textContent()).toContain('✓ Jane');
      await jane.page.keyboard.press('z');
      await row(tom.page, 1).getByText('✓ Jane').waitFor({ state: 'detached' });
      await jane.page.keyboard.press('Z');
      await row(tom.page, 1).getByText('✓ Jane').waitFor();
      expect(await room.said(first)).toEqual(['Jane yes', 'Tom no', 'Tom none', 'Jane none', 'Jane yes']);
    });

    it('leaves the reader in peace: nothing in sight goes, and a note stays open, while others choose', async () => {
      await both();
      await jane.page.getByRole('radio', { name: /^All/ }).check();
      await row(jane.page, 5).focus();
      await jane.page.keyboard.press('o');
      await jane.page.getByLabel('Notes').fill('half a wor');
      await jane.page.evaluate('scrollTo(0, 120)');
      const before = await shown(jane.page);
      await jane.page.evaluate(
        "history.replaceState(history.state, '', '#show=nu,new,backported&start=0'); dispatchEvent(new Event('hashchange'))",
      );
      expect(await shown(jane.page)).toEqual(before);
      for (const n of [1, 5, 8]) await choose(tom.page, n, 'Yes');
      await saved(tom.page);
      for (const n of [1, 5, 8]) await shows(jane.page, n, 'y');
      expect(await shown(jane.page)).toEqual(before);
      expect(await jane.page.getByLabel('Notes').inputValue()).toBe('half a wor');
      await jane.page.keyboard.type('d');
      expect(await jane.page.getByLabel('Notes').inputValue()).toBe('half a word');
    });

    it('shows who may only look everything, and lets them change nothing', async () => {
      const viewer = await room.person('viewer');
      await both();
      await open(viewer.page, url);
      expect(await viewer.page.getByText(/^Your token may only look/).textContent()).toContain('maintainer');
      const radio = row(viewer.page, 1).getByRole('radio', { name: 'Yes', exact: true });
      expect(await radio.isDisabled()).toBe(true);
      expect(await radio.getAttribute('title')).toContain('maintainer');
      await row(viewer.page, 1).focus();
      await viewer.page.keyboard.press('y');
      await viewer.page.keyboard.press('o');
      expect(await viewer.page.getByLabel('Notes').isDisabled()).toBe(true);
      expect(await viewer.page.getByRole('button', { name: 'Import' }).isDisabled()).toBe(true);
      expect(await viewer.page.getByRole('dialog').count()).toBe(0);
      await choose(jane.page, 1, 'Yes');
      await row(viewer.page, 1).getByText('✓ Jane').waitFor();
      expect(await room.said(first)).toEqual(['Jane yes']);
      await viewer.context.close();
    });

    it('shows hostile names and notes as texts', async () => {
      const bad = `${HOSTILE} \u202eevil ${'x'.repeat(120)}`;
      await both();
      await tom.page.getByRole('button', { name: 'Tom' }).click();
      await giveName(tom.page, bad);
      await tom.context.setOffline(true);
      await choose(tom.page, 1, 'No');
      await row(tom.page, 1).focus();
      await tom.page.keyboard.press('o');
      await tom.page.getByLabel('Notes').fill(`${bad}${'</textarea>'.repeat(300)}`);
      await tom.page.keyboard.press('Escape');
      await choose(jane.page, 1, 'Yes');
      await saved(jane.page);
      await tom.context.setOffline(false);
      await saved(tom.page);
      await row(jane.page, 1).locator('.bp-disputed').waitFor();
      expect(await row(jane.page, 1).textContent()).toContain('<img src=x onerror="window.hacked=1">');
      expect(await row(jane.page, 1).textContent()).toContain('⟨U+202E⟩evil');
      for (const { page } of [jane, tom]) {
        expect(await page.locator('#root img, #root iframe, #root script').count()).toBe(0);
        for (const width of [1280, 420]) {
          await page.setViewportSize({ width, height: 800 });
          expect(await page.evaluate('probes.over()')).toBeLessThanOrEqual(0);
        }
        await page.setViewportSize({ width: 1280, height: 800 });
      }
      await tom.page.getByRole('button', { name: /<img/ }).click();
      await giveName(tom.page, 'Tom');
    });

    it('lists the reviews with how far they are, and says when a newer page is there', async () => {
      await both();
      await choose(jane.page, 1, 'Yes');
      await saved(jane.page);
      await tom.page.getByRole('link', { name: 'Backports' }).click();
      const entry = tom.page.getByRole('listitem').filter({ hasText: `review-${reviews}` });
      await entry.getByText('8 commits, 1 decided').waitFor();
      expect(await entry.textContent()).toContain('onto 3.0, 2.9');
      await choose(jane.page, 2, 'Yes');
      await entry.getByText('8 commits, 2 decided').waitFor();
      await entry.getByRole('link').click();
      await shows(tom.page, 2, 'y');
      await room.publish(`review-${reviews}`, [commitOf(first), commitOf(first + 50)], '3.0');
      await tom.page.getByRole('button', { name: 'Show it' }).click();
      await row(tom.page, 2).getByText('commit number').waitFor();
      expect(await tom.page.locator('tr[data-row]').count()).toBe(2);
      await shows(tom.page, 1, 'y');
      // Jane's page is older: what is not there any more is not taken, and not lost.
      await choose(jane.page, 3, 'Yes');
      await choose(jane.page, 1, 'No');
      const refused = jane.page.getByRole('alert').filter({ hasText: 'does not take 1' });
      await refused.waitFor();
      await shows(tom.page, 1, 'n');
      expect(await refused.textContent()).toContain('not on this page');
      await refused.getByRole('button', { name: 'Drop them' }).click();
      await refused.waitFor({ state: 'detached' });
      room.complaints.splice(0);
    });

    it('sends an import of thousands in parts, and takes it back in one step', async () => {
      const count = 2500;
      const commits = Array.from({ length: count }, (_, i) => commitOf(50_000 + i));
      const many = await room.put('import', commits, []);
      await open(jane.page, many);
      const file = join(room.folder, 'decisions.json');
      const decisions = commits.map(({ sha }, i) => ({
        sha,
        branch: '3.0',
        call: 'y',
        by: i % 2 === 0 ? 'Bob' : '',
        at: i,
        note: '',
      }));
      await writeFile(file, JSON.stringify({ format: 1, project: 'haproxy', decisions, notes: [] }));
      let parts = 0;
      jane.page.on('request', (request) => {
        if (request.method() === 'POST') parts++;
      });
      await jane.page.getByLabel('File of decisions').setInputFiles(file);
      await jane.page.getByRole('button', { name: `Take ${count}` }).click();
      await saved(jane.page);
      expect(parts).toBe(4);
      expect(await room.said(50_000)).toEqual(['Bob yes']);
      expect(await room.said(52_499)).toEqual(['Jane yes']);
      await jane.page.getByRole('button', { name: 'Undo' }).click();
      await jane.page.getByText('0 decided').waitFor();
      await saved(jane.page);
      expect(await room.said(50_000)).toEqual(['Bob yes', 'Bob none']);
      await open(tom.page, many);
      await tom.page.getByText('0 decided').waitFor();
    });

    it('of 5,000 rows is as quick as one of 200', async () => {
      const costs: Record<number, number> = {};
      for (const count of [200, 5000]) {
        const commits = Array.from({ length: count }, (_, i) =>
          commitOf(count * 10 + i, { body: 'A message. '.repeat(60) }),
        );
        const many = await room.put(`many-${count}`, commits, []);
        await Promise.all([open(jane.page, many), open(tom.page, many)]);
        await row(jane.page, count).waitFor({ state: 'attached' });
        await jane.page.keyboard.press('j');
        costs[count] = await jane.page.evaluate(`probes.cost({ keys: '${'jynjyz'.repeat(10)}' })`);
        await saved(jane.page);
        await expect.poll(() => callsOf(tom.page)).toBe(await callsOf(jane.page));
      }
      process.stdout.write(`live review, median ms of a key: ${JSON.stringify(costs)}\n`);
      expect(costs[5000]! / costs[200]!).toBeLessThan(3);
    });
  },
);

function callsOf(page: Page): Promise<string> {
  return page.evaluate(
    "[...document.querySelectorAll('tr[data-row]')].map((one) => one.dataset.call).join('')",
  );
}

/** Numbers of rows that say that they are disputed. */
function disputes(page: Page): Promise<number[]> {
  return page.evaluate(
    "[...document.querySelectorAll('.bp-disputed')].map((one) => Number(one.closest('tr').dataset.row) + 1)",
  );
}

function shown(page: Page): Promise<number[]> {
  return page.evaluate('probes.shown()');
}
