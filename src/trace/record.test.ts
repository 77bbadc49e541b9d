import { expect, test } from 'vitest';
import { toGenAiSpan } from './export.ts';
import type { Trace } from './model.ts';
import { parsePriceFile, priceTable } from './prices.ts';
import { traced, type TraceContext } from './record.ts';

const about: TraceContext = {
  run: 'r',
  desk: 'fix',
  engine: 'llm',
  operation: 'chat',
  provider: 'openai',
  model: 'gpt-4o',
};

function setUp() {
  const rows: Trace[] = [];
  let time = 1_700_000_000_000;
  const effects = {
    sink: { add: async (row: Trace) => void rows.push(row), setOutcome: async () => {} },
    prices: priceTable(),
    now: () => (time += 1500),
  };
  return { rows, effects };
}

test('a call becomes a row with its tokens, its cost and its time', async () => {
  const { rows, effects } = setUp();
  const { trace } = await traced(effects, about, 'why?', async () => ({
    text: 'because',
    tokens: { input: 1_000_000, cachedInput: 1_000_000, output: 100_000 },
    model: 'gpt-4o-2024-08-06',
  }));
  expect(rows).toEqual([trace]);
  expect(trace).toMatchObject({
    prompt: 'why?',
    answer: 'because',
    model: 'gpt-4o-2024-08-06',
    costUsd: 2.25,
    seconds: 1.5,
    error: null,
  });
});

test('a call that fails is a row too, and fails on', async () => {
  const { rows, effects } = setUp();
  const failing = traced(effects, about, 'why?', async () => {
    throw new Error('HTTP 500');
  });
  await expect(failing).rejects.toThrow('HTTP 500');
  expect(rows).toMatchObject([{ error: 'HTTP 500', answer: '', tokens: null, costUsd: null, prices: null }]);
});

test.each([
  ['gpt-4o', 2.5],
  ['gpt-4o-2024-11-20', 2.5],
  ['gpt-4o-mini', 0.15],
  ['gpt-4o-mini-2024-07-18', 0.15],
  ['claude-sonnet-4-20250514', 3],
  ['claude-3-5-haiku-latest', 0.8],
  ['gpt-4o-audio-preview', null],
  ['llama3.1:8b', null],
])('the price of %s', (model, usd) => {
  expect(priceTable().costOf('openai', model, { input: 1_000_000, cachedInput: 0, output: 0 })).toBe(usd);
});

test("the user's prices win, also for one provider only, and the version says so", () => {
  const file = parsePriceFile(
    '{"version":"mine-1","usdPerMillionTokens":{"openai-compatible/gpt-4o":{"input":0,"cachedInput":0,"output":0},"my":{"input":1,"cachedInput":0.5,"output":2}}}',
    'prices.json',
  );
  const table = priceTable(file);
  const tokens = { input: 1_000_000, cachedInput: 500_000, output: 0 };
  expect(table.costOf('openai-compatible', 'gpt-4o', tokens)).toBe(0);
  expect(table.costOf('openai', 'gpt-4o', tokens)).toBe(1.875);
  expect(table.costOf(null, 'my', tokens)).toBe(0.75);
  expect(table.version).toBe(`${priceTable().version}+mine-1`);
});

test.each([
  ['{', 'prices.json: not JSON'],
  [
    '{"version":"1","usdPerMillionTokens":{"a":{"input":-1,"cachedInput":0,"output":0}}}',
    'usdPerMillionTokens.a.input',
  ],
  ['[]', 'prices.json'],
])('a bad price file is named with the place: %s', (text, said) => {
  expect(() => parsePriceFile(text, 'prices.json')).toThrow(said);
});

test("a span has OpenTelemetry's names, and content only when asked for", async () => {
  const { effects } = setUp();
  const { trace } = await traced(effects, about, 'secret prompt', async () => ({
    text: 'x',
    tokens: { input: 10, cachedInput: 4, output: 2 },
  }));
  const span = toGenAiSpan(trace);
  expect(span).toMatchObject({
    name: 'chat gpt-4o',
    startTimeUnixNano: '1700000001500000000',
    endTimeUnixNano: '1700000003000000000',
    status: { code: 0 },
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.cache_read.input_tokens': 4,
      'gen_ai.usage.output_tokens': 2,
    },
  });
  expect(JSON.stringify(span)).not.toContain('secret prompt');
  expect(JSON.stringify(toGenAiSpan(trace, { content: true }))).toContain('secret prompt');
});
