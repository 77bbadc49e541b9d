import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { createEngines, modelOf } from './engines.ts';

const NOWHERE = '/nonexistent';

describe('createEngines', () => {
  it('says in one line each what is not configured', async () => {
    const { config } = await loadConfig(NOWHERE, {});
    const { engines } = await createEngines(config, null, null, {});
    expect(engines.template.unavailable()).toBeNull();
    expect(engines.llm.unavailable()).toMatch(/^llm: no key; [^\n]+$/);
    expect(engines.agent.unavailable()).toMatch(/^agent: no command; [^\n]+$/);
  });

  it('takes the command in the form that its own hint shows', async () => {
    const { config } = await loadConfig(NOWHERE, { VOUCH_AGENT_COMMAND: '["my agent", "{prompt_file}"]' });
    expect(config['agent.command']).toEqual(['my agent', '{prompt_file}']);
    expect((await createEngines(config, null, null, {})).engines.agent.unavailable()).toBeNull();
  });

  it('refuses prices that are not there', async () => {
    const { config } = await loadConfig(NOWHERE, { VOUCH_PRICES: '/nonexistent/prices.json' });
    await expect(createEngines(config, null, null, {})).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('modelOf', () => {
  it.each([
    [{}, null],
    [
      { OPENAI_API_KEY: 'k', VOUCH_LLM_MODEL: 'm' },
      { provider: 'openai', model: 'm', apiKey: 'k' },
    ],
    [
      { ANTHROPIC_API_KEY: 'k', VOUCH_LLM_MODEL: 'm' },
      { provider: 'anthropic', apiKey: 'k' },
    ],
    [
      { VOUCH_LLM_BASE_URL: 'http://127.0.0.1:11434/v1', OPENAI_API_KEY: 'k' },
      { provider: 'openai-compatible', apiKey: undefined },
    ],
    [
      { VOUCH_LLM_PROVIDER: 'anthropic', OPENAI_API_KEY: 'k' },
      { provider: 'anthropic', apiKey: undefined },
    ],
    [
      { VOUCH_LLM_API_KEY: 'own', OPENAI_API_KEY: 'k' },
      { provider: 'openai', apiKey: 'own' },
    ],
  ])('of %j', async (env, expected) => {
    const model = modelOf((await loadConfig(NOWHERE, env)).config);
    if (expected === null) expect(model).toBeNull();
    else expect(model).toMatchObject(expected);
  });
});
