import { existsSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CHROMIUM } from '../integration/web-setup.ts';
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
  },
);
