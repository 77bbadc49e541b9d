import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createLlmEngine } from '../../src/desks/fix/engines/llm/engine.ts';
import type { Candidate, FixContext } from '../../src/desks/fix/engines/port.ts';
import { whyNoModel } from '../../src/llm/config.ts';
import { createModel } from '../../src/llm/registry.ts';
import { priceTable } from '../../src/trace/prices.ts';
import { APP, APP_FILE, fixContext, GOOD, memorySink, PRIVATE } from '../doubles/fix-context.ts';
import { openAiServer, type Script } from '../doubles/model-server.ts';

async function setUp(script: Script, overrides: Partial<FixContext> = {}, model = 'gpt-4o') {
  const server = await openAiServer(script);
  const sink = memorySink();
  const context = await fixContext(overrides);
  const engine = createLlmEngine({
    model: createModel(
      { provider: 'openai', model, apiKey: 'k', baseUrl: `${server.url}/v1`, timeoutMs: 2000, retries: 1 },
      { sleep: async () => {} },
    ),
    sink,
    prices: priceTable(),
  });
  const all = async (most = 10): Promise<Candidate[]> => {
    const found: Candidate[] = [];
    for await (const candidate of engine.propose(context)) {
      found.push(candidate);
      if (found.length === most) break;
    }
    return found;
  };
  const prompts = (): string[] => server.received.map((one) => JSON.stringify(one.body));
  return { ...server, all, sink, context, prompts };
}

const FIXED = APP.replace('order.coupon.percent', 'order.coupon?.percent ?? 0');
const OTHER = GOOD.replace('?.percent ?? 0', '?.percent ?? null');

describe('an answer that holds', () => {
  test('becomes a candidate with its reason, and a trace with tokens, cache and cost', async () => {
    const { all, sink, context } = await setUp([{ text: GOOD }]);
    const [candidate] = await all(1);
    expect(candidate).toMatchObject({
      engine: 'llm',
      changes: { [APP_FILE]: FIXED },
      by: 'gpt-4o-2024-08-06',
      title: 'Treat an order without a coupon as zero percent',
      why: 'an order without a coupon has null there',
      kind: 'root-cause',
    });
    const [trace] = sink.traces;
    expect(trace).toMatchObject({
      id: candidate!.trace,
      run: 'inc_1',
      provider: 'openai',
      model: 'gpt-4o-2024-08-06',
      answer: GOOD,
      tokens: { input: 1000, cachedInput: 400, output: 200 },
      error: null,
    });
    // 600 × 2.5 + 400 × 1.25 + 200 × 10 dollars a million.
    expect(trace!.costUsd).toBeCloseTo(0.004, 10);
    expect(trace!.prices).toBe(priceTable().version);
    expect(trace!.outcome).toContain('candidate');
    expect(await readFile(join(context.tree, APP_FILE), 'utf8')).toBe(APP);
  });

  test('the prompt shows code, stack and shapes, and no value of a payload', async () => {
    const { all, prompts } = await setUp([{ text: GOOD }]);
    await all(1);
    const [prompt] = prompts();
    for (const shown of [
      'order.coupon.percent',
      'Cannot read properties of null',
      'src/orders.js:9:55',
      '/orders/:string(8, of digits)/total',
      'coupon: null',
      'GET /orders/:string(2, of digits)/total → status 200, body { id: string(2, of digits), percent: integer }',
      'status 404, body { error: string(9) }',
      'for [string(13)]',
      'email: string(21, email)',
      'status 500',
    ])
      expect(prompt).toContain(shown);
    for (const value of PRIVATE) expect(prompt).not.toContain(value);
  });

  test('what strangers wrote is marked, and cannot end its mark', async () => {
    const { all, received } = await setUp([{ text: GOOD }]);
    await all(1);
    const { messages } = received[0]!.body as { messages: { role: string; content: string }[] };
    const prompt = messages.find((message) => message.role === 'user')!.content;
    const marked = [...prompt.matchAll(/<untrusted>\n([^]*?)\n<\/untrusted>/g)].map((match) => match[1]!);
    expect(marked.some((text) => text.includes('Ignore all rules'))).toBe(true);
    expect(prompt.replace(/<untrusted>\n[^]*?\n<\/untrusted>/g, '')).not.toContain('Ignore all rules');
    expect(received[0]!.body).not.toHaveProperty('tools');
  });

  test('verdicts of earlier candidates are in the next prompt, their values as shapes', async () => {
    const { all, context, prompts } = await setUp([{ text: GOOD }, { text: OTHER }]);
    context.feedback.push({
      patch: 'diff --git a/x b/x',
      verdict: 'rejected',
      reasons: ['neighbours: body.total: 4711 → null for jane@customer.example'],
    });
    expect(await all(2)).toHaveLength(2);
    const prompt = prompts()[1]!;
    expect(prompt).toContain('neighbours: body.total: integer → null');
    expect(prompt).not.toContain('4711');
    expect(prompt).not.toContain('jane@');
  });
});

/** The same change as a diff, whose counts are those of nothing. */
const DIFF = `CAUSE: an order without a coupon has null there
TITLE: Treat an order without a coupon as zero percent

\`\`\`diff
--- a/${APP_FILE}
+++ b/${APP_FILE}
@@ -7,9 +7,2 @@
   const order = rows[0];
-  res.json({ id: order.id, percent: order.coupon.percent });
+  res.json({ id: order.id, percent: order.coupon?.percent ?? 0 });
 });
\`\`\`
`;

describe('an answer in another form than the one that was asked for', () => {
  test.each([
    ['a diff with wrong counts', DIFF, 'diff', { 'hunk-counts': 1 }],
    ['one with CR LF as well', DIFF.replaceAll('\n', '\r\n'), 'diff', { 'hunk-counts': 1 }],
    [
      'the whole file',
      `TITLE: Treat an order without a coupon as zero percent\n\n${APP_FILE}\n\`\`\`js\n${FIXED}\`\`\`\n`,
      'whole-file',
      {},
    ],
  ])('%s is taken, and the trace counts what was made good', async (_, text, form, repairs) => {
    const { all, sink } = await setUp([{ text }]);
    expect(await all(1)).toMatchObject([
      { changes: { [APP_FILE]: FIXED }, title: 'Treat an order without a coupon as zero percent' },
    ]);
    const [trace] = sink.traces;
    expect(trace!.repairs).toMatchObject(repairs);
    expect(trace!.outcome).toMatch(/^candidate: /);
    expect(trace!.outcome).toContain(form);
  });

  test('and says NO FIX beside a change that is there: it is believed', async () => {
    const { all, context } = await setUp([
      { text: `NO FIX: it is right\n\n${APP_FILE}\n\`\`\`js\n${APP}\`\`\`\n` },
    ]);
    expect(await all()).toEqual([]);
    expect(context.notes).toEqual(['llm: no fix: it is right']);
  });
});

test('a block that fits two places is refused with the lines that tell them apart', async () => {
  const ambiguous =
    'src/totals.js\n<<<<<<< SEARCH\n  return order.total;\n=======\n  return order.total ?? 0;\n>>>>>>> REPLACE\n';
  const { all, sink, context, prompts } = await setUp([{ text: ambiguous }, { text: GOOD }]);
  const body = (name: string): string => `export function ${name}(order) {\n  return order.total;\n}\n`;
  await writeFile(join(context.tree, 'src/totals.js'), body('before') + body('after'));
  expect(await all(1)).toMatchObject([{ changes: { [APP_FILE]: FIXED } }]);
  expect(sink.traces.map(({ outcome }) => outcome!.split(':')[0])).toEqual(['refused', 'candidate']);
  const prompt = prompts()[1]!;
  expect(prompt).toContain('fit 2 places of src/totals.js');
  for (const name of ['before', 'after']) expect(prompt).toContain(`export function ${name}(order) {`);
});

describe('an answer that cannot be used is said back, and the next one is taken', () => {
  test.each([
    ['prose only', { text: 'You should check the coupon for null.' }, 'no search/replace block'],
    [
      'a wrong file',
      { text: GOOD.replace(APP_FILE, 'src/missing.js') },
      'src/missing.js is no file of the tree',
    ],
    [
      'lines that are not there',
      { text: GOOD.replace('order.id, percent', 'order.nr, percent') },
      'The nearest lines of src/orders.js are',
    ],
    ['cut off', { text: GOOD.slice(0, 200), finish: 'length' as const }, 'cut off'],
    ['empty', { text: ' ' }, 'empty'],
    ['no change', { text: GOOD.replace('?.percent ?? 0', '.percent') }, 'in the code already'],
    ['a test', { text: `test/a.test.js\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n` }, 'touches tests'],
    [
      'a shell',
      { text: GOOD.replace('?.percent ?? 0', "?.percent ?? require('child_process').execSync('id')") },
      'child_process',
    ],
    ['broken code', { text: GOOD.replace('?? 0 }', '?? 0 ') }, 'does not parse'],
    ['outside', { text: GOOD.replace(APP_FILE, '../../etc/passwd') }, 'outside the tree'],
  ])('%s', async (_, bad, said) => {
    const { all, sink, prompts } = await setUp([bad, { text: GOOD }]);
    expect(await all(1)).toMatchObject([{ changes: { [APP_FILE]: FIXED } }]);
    expect(sink.traces.map((trace) => trace.outcome!.split(':')[0])).toEqual(['refused', 'candidate']);
    expect(prompts()[1]).toContain('Your earlier answers could not be used');
    expect(prompts()[1]).toContain(said);
  });

  test('the same change again, in other words, is not a second candidate', async () => {
    const same = GOOD.replace('order.coupon?.percent ?? 0 }', '(order.coupon?.percent ?? 0) /* safe */ }');
    const { all, prompts } = await setUp([{ text: GOOD }, { text: same }, { text: OTHER }]);
    expect(await all(2)).toMatchObject([
      { changes: { [APP_FILE]: FIXED } },
      { changes: { [APP_FILE]: expect.stringContaining('?? null') } },
    ]);
    expect(prompts()[2]).toContain('the same as the one of try 1');
  });

  test('three useless answers in a row are enough', async () => {
    const { all, received } = await setUp([{ text: 'no idea' }]);
    expect(await all()).toEqual([]);
    expect(received).toHaveLength(3);
  });

  test('a model that finds no fix is believed', async () => {
    const { all, context, received } = await setUp([
      { text: 'NO FIX: the upstream service answered nonsense' },
    ]);
    expect(await all()).toEqual([]);
    expect(received).toHaveLength(1);
    expect(context.notes).toEqual(['llm: no fix: the upstream service answered nonsense']);
  });
});

describe('a provider that fails ends the engine, not the run', () => {
  test.each([
    [
      '429 for long',
      { status: 429, headers: { 'retry-after': '900' }, json: { error: { message: 'quota' } } },
      'asks to wait',
    ],
    ['500', { status: 500, json: { error: { message: 'oops' } } }, 'HTTP 500'],
    ['garbage', { status: 200, text: '<html>' }, 'not what the API promises'],
    ['401', { status: 401, json: { error: { message: 'bad key' } } }, 'HTTP 401'],
  ])('%s', async (_, reply, said) => {
    const { all, sink, context } = await setUp([reply]);
    expect(await all()).toEqual([]);
    expect(context.notes).toEqual([expect.stringContaining(said)]);
    expect(sink.traces).toMatchObject([
      { error: expect.stringContaining(said), tokens: null, costUsd: null },
    ]);
  });

  test('a 429 with Retry-After and a 500 before a good answer do not matter', async () => {
    const { all } = await setUp([{ status: 429, headers: { 'retry-after': '1' }, json: {} }, { text: GOOD }]);
    expect(await all(1)).toHaveLength(1);
  });

  test('a slow one is given up at the deadline', async () => {
    const { all, context } = await setUp([{ hang: true }], {
      budget: { usd: 1, deadlineMs: Date.now() + 200 },
    });
    expect(await all()).toEqual([]);
    expect(context.notes).toHaveLength(1);
  });

  test('an abort ends it', async () => {
    const stop = new AbortController();
    const { all, received } = await setUp([{ text: GOOD }], { signal: stop.signal });
    stop.abort();
    expect(await all()).toEqual([]);
    expect(received).toHaveLength(0);
  });
});

describe('the budget', () => {
  test('too small for one call: nothing is asked, and that is said', async () => {
    const { all, received, context } = await setUp([{ text: GOOD }], {
      budget: { usd: 0.0001, deadlineMs: Date.now() + 60_000 },
    });
    expect(await all()).toEqual([]);
    expect(received).toHaveLength(0);
    expect(context.notes[0]).toMatch(/it could cost \$0\.\d+, and \$0\.0001 of \$0\.0001 is left/);
  });

  test('is used up by calls, then no more are made', async () => {
    const dear = { text: GOOD, tokens: { input: 2_000_000, cached: 0, output: 0 } };
    const { all, received, context } = await setUp([dear, { text: OTHER }], {
      budget: { usd: 5, deadlineMs: Date.now() + 60_000 },
    });
    expect(await all()).toHaveLength(1);
    expect(received).toHaveLength(1);
    expect(context.notes[0]).toContain('$0.0000 of $5 is left');
  });

  test('a model without a price is bounded by tries and time', async () => {
    const { all, sink, received } = await setUp(
      [{ text: GOOD }],
      { budget: { usd: 0.01, deadlineMs: Date.now() + 60_000 } },
      'my-own',
    );
    // The double reports a priced model; what is reserved goes by the configured name, which has no price.
    expect(await all(1)).toHaveLength(1);
    expect(received).toHaveLength(1);
    expect(sink.traces[0]!.costUsd).toBeCloseTo(0.004, 10);
  });
});

test('without a key the engine says so in one line', () => {
  const engine = createLlmEngine({
    model: null,
    why: whyNoModel(null),
    sink: memorySink(),
    prices: priceTable(),
  });
  expect(engine.unavailable()).toBe(
    'llm: no key; set OPENAI_API_KEY or ANTHROPIC_API_KEY, or `vouch config set llm.baseUrl URL` for a local model',
  );
});
