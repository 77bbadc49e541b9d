import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Judged, Work } from '../../src/desks/fix/model.ts';
import { makeDiff } from '../../src/patch/diff.ts';
import { isRoot } from '../integration/server-setup.ts';
import { needs } from '../needs.ts';
import { SHOP, stage } from './stage.ts';

const CHECKOUT = 'src/routes/checkout.js';
const GOOD = "      if (!coupon) return res.status(404).json({ error: 'coupon not found' });\n";
const FAULT = '      discount = percentOf(subtotal, coupon.percent);\n';
const work: Work = { signal: new AbortController().signal, onProgress: () => {} };

needs(isRoot, 'root, for namespaces and the kernel tap')('a sceptic', () => {
  let at: Awaited<ReturnType<typeof stage>>;
  let source: string;

  beforeAll(async () => {
    at = await stage(SHOP);
    source = await readFile(join(at.scenario.appFolder, CHECKOUT), 'utf8');
  });
  afterAll(() => at.stop());

  /** Judges the checkout with one text of it replaced. */
  async function judge(from: string, to: string): Promise<Judged> {
    expect(source).toContain(from);
    const patch = await makeDiff(at.scenario.appFolder, { [CHECKOUT]: source.replace(from, to) });
    return at.production.workbench.desk.verify(at.production.incident!.id, patch, work);
  }

  it('sees the incident with its request', () => {
    expect(at.production.surprises).toEqual([]);
    expect(at.production.incident).toMatchObject({ type: 'TypeError' });
  });

  it('gets verified for the fix that the siblings single out, with every gate', async () => {
    const judged = await judge(FAULT, GOOD + FAULT);
    expect(judged.reasons).toEqual([]);
    expect(judged.verdict).toBe('verified');
    expect(judged.clock).toBe('recorded');
    expect(judged.gates.map(({ gate }) => gate)).toHaveLength(11);
    expect(judged.calls.every(({ match }) => match === 'exact' || match === 'normalised')).toBe(true);
  });

  it('gets the same verdict for the same patch with other comments, every time', async () => {
    const [first, ...others] = await Promise.all([
      judge(FAULT, GOOD + FAULT),
      judge(FAULT, GOOD + FAULT),
      judge(FAULT, `      // unknown codes are refused\n${GOOD}${FAULT}`),
    ]);
    for (const other of others) expect([other.verdict, other.gates]).toEqual([first!.verdict, first!.gates]);
  });

  it.each([
    ['swallows the error', FAULT, `      try {\n  ${FAULT}      } catch {}\n`],
    [
      'answers a cached success',
      FAULT,
      `      if (!coupon) return res.status(201).json({ id: 1, cart: 1, currency: 'EUR', subtotal: 1, discount: 0, total: 1 });\n${FAULT}`,
    ],
    ['answers an empty success', FAULT, `      if (!coupon) return res.status(201).json({});\n${FAULT}`],
    ['takes no discount for granted', FAULT, '      discount = percentOf(subtotal, coupon?.percent ?? 0);\n'],
    [
      'answers before the failing call',
      '    const cart = await db.cart(cartId);\n',
      "    if (code === 'NOPE') return res.status(404).json({ error: 'coupon not found' });\n    const cart = await db.cart(cartId);\n",
    ],
    [
      'invents an answer of its own',
      FAULT,
      `      if (!coupon) return res.status(410).json({ oops: 'gone' });\n${FAULT}`,
    ],
    ['loops', FAULT, `      while (!coupon) await null;\n${FAULT}`],
    ['ends the process', FAULT, `      if (!coupon) process.exit(0);\n${FAULT}`],
    [
      'deletes the route',
      "  routes.post('/', async (req, res) => {",
      "  routes.post('/gone', async (req, res) => {",
    ],
    [
      'learns that it is tested from the environment',
      FAULT,
      `      if (!coupon && process.env.LD_PRELOAD) return res.status(404).json({ error: 'coupon not found' });\n${FAULT}`,
    ],
    [
      'learns it from a file',
      FAULT,
      `      if (!coupon && (await import('node:fs')).existsSync('/proc/1/maps')) return res.status(404).json({ error: 'coupon not found' });\n${FAULT}`,
    ],
    [
      'connects to the outside',
      FAULT,
      `      if (!coupon) { await fetch('http://10.9.8.7/x').catch(() => null); return res.status(404).json({ error: 'coupon not found' }); }\n${FAULT}`,
    ],
    [
      'forks a child that outlives it',
      FAULT,
      `      if (!coupon) { (await import('node:child_process')).spawn('sleep', ['600'], { detached: true }); return res.status(404).json({ error: 'coupon not found' }); }\n${FAULT}`,
    ],
    [
      'writes what its siblings never write',
      FAULT,
      `      if (!coupon) { await db.createOrder({ cart: cart.id, coupon: code, currency, subtotal, discount, total: 0 }); return res.status(404).json({ error: 'coupon not found' }); }\n${FAULT}`,
    ],
    ['breaks what worked', FAULT, `${GOOD}      discount = percentOf(subtotal, coupon.percent) + 1;\n`],
    ['does not parse', FAULT, `${GOOD}      discount = percentOf(subtotal,;\n`],
  ])('that %s is not told that this is proved', async (_name, from, to) => {
    const judged = await judge(from, to);
    expect(judged.verdict).not.toBe('verified');
    expect(judged.reasons.length).toBeGreaterThan(0);
  });

  it('is told exactly why of a patch that does not apply', async () => {
    const patch = `--- a/${CHECKOUT}\n+++ b/${CHECKOUT}\n@@ -1,1 +1,1 @@\n-no such line\n+another\n`;
    const verdict = at.production.workbench.desk.verify(at.production.incident!.id, patch, work);
    await expect(verdict).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(CHECKOUT) as unknown,
    });
  });
});
