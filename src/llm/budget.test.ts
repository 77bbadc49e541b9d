import { expect, test } from 'vitest';
import { createBudget, estimateTokens } from './budget.ts';
import { checkConfig, whyNoModel, type ModelConfig } from './config.ts';

test('what may be spent is set aside before, and what was spent is booked after', () => {
  const budget = createBudget({ usd: 1, deadlineMs: 100 }, () => 0);
  const first = budget.reserve({ usd: 0.6, what: 'a' });
  expect(() => budget.reserve({ usd: 0.6, what: 'b' })).toThrow(
    'b: it could cost $0.6000, and $0.4000 of $1 is left',
  );
  first.settle(0.1);
  expect(budget.spentUsd).toBe(0.1);
  budget.reserve({ usd: 0.6, what: 'b' }).settle(0.6);
  expect(budget.spentUsd).toBeCloseTo(0.7);
  expect(() => first.settle(0)).toThrow('twice');
});

test('nothing is begun after the deadline', () => {
  let now = 0;
  const budget = createBudget({ usd: 1, deadlineMs: 100 }, () => now);
  expect(budget.remainingMs()).toBe(100);
  now = 101;
  expect(budget.remainingMs()).toBe(0);
  expect(() => budget.reserve({ usd: 0, what: 'a' })).toThrow('the time of the budget is used up');
});

test('tokens are estimated from above', () => {
  expect(estimateTokens('const a = 1;')).toBeGreaterThanOrEqual(5);
});

const base: ModelConfig = { provider: 'openai', model: 'm', apiKey: 'k' };

test.each<[ModelConfig | null, string | null]>([
  [null, 'no key'],
  [{ ...base, apiKey: '' }, 'no key'],
  [{ ...base, provider: 'anthropic', apiKey: undefined }, 'no key'],
  [{ ...base, provider: 'openai-compatible', apiKey: undefined }, 'no address'],
  [{ ...base, provider: 'azure' }, 'azure needs its resource'],
  [{ ...base, model: '' }, 'no model named'],
  [{ ...base, provider: 'openai-compatible', apiKey: undefined, baseUrl: 'http://127.0.0.1:11434/v1' }, null],
  [base, null],
])('what is missing is said in one line: %j', (config, said) => {
  const why = whyNoModel(config);
  if (said === null) expect(why).toBeNull();
  else expect(why).toMatch(new RegExp(`^llm: .*${said}.*$`));
});

test.each(['ftp://x', 'nonsense', 'http://user:pw@host/v1'])(
  'the address %s is refused, and not repeated',
  (baseUrl) => {
    const check = () => checkConfig({ ...base, baseUrl });
    expect(check).toThrow('llm.baseUrl');
    expect(check).not.toThrow(baseUrl);
  },
);
