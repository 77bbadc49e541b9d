import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { needs } from '../needs.ts';
import { isRoot, startServer, type Server } from './server-setup.ts';
import { CHROMIUM, HOSTILE, buildPages, openBrowser, seed, type Browser, type Seeded } from './web-setup.ts';

let folder: string;
let server: Server;
let browser: Browser;
let page: Page;
let seeded: Seeded;
/** What the browser complained about. */
let complaints: string[];

async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as Record<string, unknown>;
}

/** Every page, with words that it shows. */
function pages(): readonly (readonly [path: string, shows: string])[] {
  const { incident, recording, proposals, trace } = seeded;
  return [
    ['/', 'shop'],
    ['/apps/shop', 'None yet. Push a commit'],
    ['/incidents', 'RangeError: another one'],
    [`/incidents/${incident}`, 'Confidence that this request caused it'],
    ['/proposals', 'Swallow the error'],
    [`/proposals/${proposals.verified}`, 'Every gate holds'],
    [`/proposals/${proposals.rejected}`, 'It was shown to be wrong'],
    [`/proposals/${proposals.choice}`, 'A choice for you'],
    ['/recordings', recording],
    [`/recordings/${recording}`, 'Requests, and the calls that each made'],
    ['/traces', 'one candidate'],
    [`/traces/${trace}`, '1200 in (200 of them cached), 80 out'],
    ['/no/such/page', 'There is no such page'],
  ];
}

async function visit(path: string, shows: string): Promise<void> {
  await page.goto(`${server.url}${path}`);
  await page.getByText(shows).first().waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
}

needs(isRoot && existsSync(CHROMIUM), `root, and chromium as ${CHROMIUM}: scripts/install-system-packages`)(
  'the pages',
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'vouch-web-int-'));
      const data = join(folder, 'data');
      const [made] = await Promise.all([seed(data), buildPages()]);
      seeded = made;
      [server, browser] = await Promise.all([startServer(data), openBrowser()]);
      await api('POST', '/api/apps', { name: 'shop' });
      page = browser.context.pages()[0] ?? (await browser.context.newPage());
      await page.addInitScript(
        "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))",
      );
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
    });

    afterAll(async () => {
      await browser?.close();
      if (server?.child.exitCode === null) await server.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    });

    beforeEach(() => {
      complaints = [];
    });

    afterEach(async () => {
      expect(complaints).toEqual([]);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
    });

    it('ask for a token, say what is wrong with it, and then show what was asked for', async () => {
      await page.goto(`${server.url}/incidents?status=open`);
      await page.getByLabel('Token').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      const refusal = page.getByRole('alert');
      await refusal.waitFor();
      expect(await refusal.textContent()).toMatch(/no valid token.*vouch serve/);
      await page.getByLabel('Token').fill(server.adminToken!);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('RangeError: another one').waitFor();
      expect(new URL(page.url()).search).toBe('?status=open');
      // The browser itself notes each refused request.
      expect(complaints.filter((line) => !/status of 40[13]/.test(line))).toEqual([]);
      complaints = [];
    });

    it('show everything, recorded text as text', async () => {
      for (const [path, shows] of pages()) {
        await visit(path, shows);
        expect(await page.locator('img, main script').count()).toBe(0);
        expect(await page.locator('a[href^="javascript:"]').count()).toBe(0);
        expect(await page.locator('h1').count()).toBe(1);
        expect(await page.title()).toMatch(/ · Vouch$/);
      }
      await visit(`/traces/${seeded.trace}`, 'Answer');
      expect(await page.getByRole('region', { name: 'Text of the answer' }).textContent()).toBe(
        `Sure: ${HOSTILE}`,
      );
    });

    it('explain an incident: stack, request, calls, and a timeline that keys reach', async () => {
      await visit(`/incidents/${seeded.incident}`, 'Calls that it made');
      const own = page.getByRole('listitem').filter({ hasText: 'your code' });
      expect(await own.textContent()).toContain('.js:7:3');
      expect(await page.getByRole('region', { name: 'The request that failed' }).textContent()).toContain(
        '74 %',
      );
      const bar = page
        .getByRole('group', { name: 'The failing request over time' })
        .getByRole('button', { name: /postgres to 10\.0\.0\.1:7.*2 rows · took 6\.0 ms/ });
      await bar.focus();
      await page.keyboard.press('Enter');
      const timeline = page.getByRole('region', { name: 'Timeline' });
      expect(await timeline.getByRole('cell').allTextContents()).toEqual([HOSTILE, 'NULL']);
      expect(await timeline.getByRole('group', { name: 'Calls outside any request' }).count()).toBe(1);
      const matrix = page.getByRole('table').filter({ hasText: 'determined' });
      const row = matrix.getByRole('row').filter({ hasText: 'Swallow the error' });
      expect((await row.getByRole('cell').allTextContents()).slice(0, 3)).toEqual([
        'holds',
        'rejected',
        'not looked at',
      ]);
    });

    it('say what was proved of a proposal, gate by gate, and what it changes', async () => {
      await visit(`/proposals/${seeded.proposals.choice}`, 'A choice for you');
      const gates = page.getByRole('table', { name: 'Gates' });
      expect(await gates.getByRole('rowheader').count()).toBe(11);
      expect(await gates.getByRole('row').filter({ hasText: 'determined' }).textContent()).toContain(
        'inconclusive',
      );
      expect(await page.locator('mark').allTextContents()).toContain('coupon');
      const calls = page.getByRole('region', { name: 'Outgoing calls, and what answered them' });
      expect(await calls.textContent()).toContain(`params.1: "SPRING" → ${JSON.stringify(HOSTILE)}`);
      const assumed = page.getByRole('region', { name: 'Assumed' }).getByRole('row').last();
      expect(await assumed.textContent()).toBe(`notes(id=${HOSTILE})seen in SELECT … at 10:00:00.000 UTC`);
      const added = page.getByRole('row').filter({ hasText: 'added: if (!coupon)' });
      expect(await added.getByRole('cell').nth(1).textContent()).toBe('5');
      await page.getByRole('link', { name: 'Look at A' }).click();
      await page.getByRole('heading', { level: 1, name: 'Check the coupon' }).waitFor();
    });

    it('can be used with the keyboard alone', async () => {
      await visit('/apps', 'shop');
      await page.keyboard.press('g');
      await page.keyboard.press('i');
      await page.getByText('RangeError: another one').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('another');
      await page.getByText(HOSTILE).first().waitFor({ state: 'detached' });
      expect(new URL(page.url()).searchParams.get('q')).toBe('another');
      await page.keyboard.press('Escape');
      await page.getByText(HOSTILE).first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('k');
      await page.keyboard.press('Enter');
      await page.getByText('Confidence that this request caused it').waitFor();
      await page.keyboard.press('?');
      const help = page.getByRole('dialog', { name: 'Keyboard' });
      await help.waitFor();
      await page.keyboard.press('Escape');
      await help.waitFor({ state: 'hidden' });
    });

    it('follow what happens elsewhere', async () => {
      await visit(`/incidents/${seeded.incident}`, 'Mark resolved');
      await api('PATCH', `/api/incidents/${seeded.incident}`, { status: 'ignored' });
      await page.getByRole('button', { name: 'Open again' }).click();
      await page.getByRole('button', { name: 'Mark resolved' }).waitFor();
      expect((await api('GET', `/api/incidents/${seeded.incident}`))['status']).toBe('open');
    });

    it('take a decision from a named person only, once confirmed, and say how to undo it', async () => {
      await visit(`/proposals/${seeded.proposals.verified}`, 'Decide');
      const accept = page.getByRole('button', { name: 'Accept…' });
      expect(await accept.isDisabled()).toBe(true);
      await page.getByLabel('Your name').fill('Ada');
      await page.getByLabel(/^Why/).fill(HOSTILE);
      await page.getByLabel('merge and deploy what is accepted').uncheck();
      await accept.click();
      const dialog = page.getByRole('dialog', { name: 'Accept this change?' });
      await dialog.getByRole('button', { name: 'Accept' }).click();
      await page.getByText('Accepted by Ada').waitFor();
      await page.getByText('npx vouch rollback shop').waitFor();
      const audit = page.getByRole('region', { name: 'Audit trail' });
      expect(await audit.textContent()).toContain('Ada');
      const detail = await api('GET', `/api/proposals/${seeded.proposals.verified}`);
      expect(detail).toMatchObject({ decision: { decision: 'accept', by: 'Ada', why: HOSTILE } });
      // The name is kept for the next one.
      await visit(`/proposals/${seeded.proposals.choice}`, 'Decide');
      expect(await page.getByLabel('Your name').inputValue()).toBe('Ada');
    });

    it('say what failed after a decision, which stands', async () => {
      await visit(`/proposals/${seeded.proposals.choice}`, 'Decide');
      await page.getByRole('button', { name: 'Accept…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Merge and deploy this change?' });
      expect(await dialog.textContent()).toContain('This is not verified');
      await dialog.getByRole('button', { name: 'Merge and deploy' }).click();
      await page.getByText('The decision stands, but what follows failed').waitFor();
      await page.getByRole('button', { name: 'Merge and deploy now' }).waitFor();
    });

    it('are dark or light as the system or the person wants, and remember it', async () => {
      const ground = (): Promise<string> =>
        page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
      await page.emulateMedia({ colorScheme: 'light' });
      await visit('/apps', 'shop');
      const light = await ground();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await ground();
      expect(dark).not.toBe(light);
      await page.getByRole('button', { name: /^Colours: as the system/ }).click();
      expect(await ground()).toBe(light);
      await page.reload();
      await page.getByRole('button', { name: /^Colours: light/ }).click();
      expect(await ground()).toBe(dark);
      await page.getByRole('button', { name: /^Colours: dark/ }).click();
      await page.emulateMedia({ colorScheme: null });
    });

    it('are readable: contrast in both themes, and no sideways scrolling on a phone', async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width: 390, height: 800 });
        for (const [path, shows] of pages()) {
          await visit(path, shows);
          const width = await page.evaluate<number>('document.documentElement.scrollWidth');
          expect([path, width]).toEqual([path, 390]);
          expect([path, await page.evaluate<string[]>(FAINT)]).toEqual([path, []]);
        }
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.emulateMedia({ colorScheme: null });
    });

    it('show a viewer why nothing can be changed', async () => {
      const { token } = await api('POST', '/api/tokens', { name: 'guest', role: 'viewer' });
      await page.goto(`${server.url}/proposals/${seeded.proposals.rejected}?token=${token as string}`);
      await page.getByText('Your token may only look; a maintainer may do this.').first().waitFor();
      expect(new URL(page.url()).search).toBe('');
      expect(await page.getByRole('button', { name: 'Dismiss' }).isDisabled()).toBe(true);
    });
  },
);

/** Texts with less contrast than 4.5 to their ground (WCAG 2.2, 1.4.3), outside of what is switched off. */
const FAINT = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')) continue;
    if (element.closest('svg, :disabled, option') || !element.checkVisibility()) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(groundOf(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(element.textContent.slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return faint;
})()`;
