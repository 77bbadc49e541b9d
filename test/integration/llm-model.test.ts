import { describe, expect, test } from 'vitest';
import { createModel } from '../../src/llm/registry.ts';
import type { ModelConfig, Provider } from '../../src/llm/config.ts';
import type { ModelRequest } from '../../src/llm/port.ts';
import type { Reply } from '../doubles/http-double.ts';
import { anthropicServer, openAiServer, type Script } from '../doubles/model-server.ts';

/** Models behind real HTTP servers that answer well and badly. Waiting between tries is written down, not done. */
async function setUp(script: Script, config: Partial<ModelConfig> = {}) {
  const server = await (config.provider === 'anthropic' ? anthropicServer(script) : openAiServer(script));
  const waits: number[] = [];
  const model = createModel(
    {
      provider: 'openai-compatible',
      model: 'gpt-4o',
      apiKey: 'test-key',
      baseUrl: `${server.url}/v1`,
      ...config,
    },
    {
      sleep: async (ms) => {
        waits.push(ms);
      },
      random: () => 1,
    },
  );
  const ask = (request: Partial<ModelRequest> = {}) =>
    model.ask({
      system: 'Be brief.',
      prompt: 'Why?',
      maxOutputTokens: 100,
      temperature: 0.2,
      signal: new AbortController().signal,
      ...request,
    });
  return { ask, waits, received: server.received };
}

describe('what is sent and what comes back', () => {
  test.each<[Provider, string, string, string]>([
    ['openai', '/v1/chat/completions', 'authorization', 'Bearer test-key'],
    ['openai-compatible', '/v1/chat/completions', 'authorization', 'Bearer test-key'],
    ['anthropic', '/v1/messages', 'x-api-key', 'test-key'],
    ['azure', '/v1/chat/completions', 'api-key', 'test-key'],
  ])('%s', async (provider, path, header, value) => {
    const { ask, received } = await setUp([{ text: 'Because.' }], { provider });
    const answer = await ask();
    expect(answer).toMatchObject({
      text: 'Because.',
      finish: 'stop',
      tokens: { input: 1000, cachedInput: 400, output: 200 },
      model: provider === 'anthropic' ? 'claude-sonnet-4-5-20250929' : 'gpt-4o-2024-08-06',
    });
    const [request] = received;
    expect(request).toMatchObject({ method: 'POST', path });
    expect(request!.headers[header]).toBe(value);
    expect(JSON.stringify(request!.body)).toContain('Be brief.');
    expect(request!.body).toMatchObject({ model: 'gpt-4o' });
  });

  test('no key is sent to a local model that needs none', async () => {
    const { ask, received } = await setUp([{ text: 'x' }], { apiKey: undefined });
    await ask();
    expect(received[0]!.headers.authorization).toBeUndefined();
  });

  test('an answer that was cut off says so', async () => {
    const { ask } = await setUp([{ text: 'Beca', finish: 'length' }]);
    expect(await ask()).toMatchObject({ text: 'Beca', finish: 'length' });
  });
});

describe('tries', () => {
  test('Retry-After is honoured, in seconds and in milliseconds', async () => {
    const { ask, waits, received } = await setUp([
      { status: 429, headers: { 'retry-after': '7' }, json: { error: { message: 'slow down' } } },
      { status: 429, headers: { 'retry-after-ms': '250' }, json: { error: { message: 'slow down' } } },
      { text: 'Because.' },
    ]);
    expect((await ask()).text).toBe('Because.');
    expect(waits).toEqual([7000, 250]);
    expect(received).toHaveLength(3);
  });

  test('a provider that asks to wait too long is not waited for', async () => {
    const { ask, waits } = await setUp([
      { status: 429, headers: { 'retry-after': '3600' }, json: { error: { message: 'quota' } } },
    ]);
    await expect(ask()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('it asks to wait 3600 s'),
    });
    expect(waits).toEqual([]);
  });

  test.each<[string, Reply, string]>([
    ['a server error', { status: 500, json: { error: { message: 'oops' } } }, 'HTTP 500: oops'],
    ['an overloaded server', { status: 529, json: { error: { message: 'overloaded' } } }, 'HTTP 529'],
    ['garbage', { status: 200, text: '<html>proxy</html>' }, 'not what the API promises'],
    ['JSON of another kind', { status: 200, json: { hello: 'world' } }, 'not what the API promises'],
    ['no body', { status: 200, text: '' }, 'not what the API promises'],
    [
      'an answer that breaks off',
      { status: 200, json: { choices: [] }, cut: true },
      'llm openai-compatible/gpt-4o',
    ],
  ])('%s is tried again, with growing waits, and then given up', async (_, reply, message) => {
    const { ask, waits, received } = await setUp([reply], { retries: 2 });
    await expect(ask()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(message),
    });
    expect(received).toHaveLength(3);
    expect(waits).toEqual([1000, 2000]);
  });

  test('a slow server is given up at the time limit', async () => {
    const { ask, received } = await setUp([{ hang: true }], { timeoutMs: 50, retries: 1 });
    await expect(ask()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no answer within 0.05 s'),
    });
    expect(received).toHaveLength(2);
  });

  test.each([
    [401, 'check the key'],
    [403, 'check the key'],
    [404, 'check llm.model'],
  ])('%i is not tried again', async (status, hint) => {
    const { ask, received } = await setUp([{ status, json: { error: { message: 'no' } } }]);
    await expect(ask()).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining(hint) });
    expect(received).toHaveLength(1);
  });

  test('a redirect is not followed: the key would go with it', async () => {
    const { ask, received } = await setUp([
      { status: 307, headers: { location: 'http://127.0.0.1:9/' }, text: '' },
    ]);
    await expect(ask()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('redirect'),
    });
    expect(received).toHaveLength(1);
  });

  test('a response without end is cut off', async () => {
    const { ask } = await setUp([{ text: 'x'.repeat(50_000) }], { maxResponseBytes: 10_000, retries: 0 });
    await expect(ask()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('more than 10000 bytes'),
    });
  });

  test('an abort ends it at once, also between tries', async () => {
    const { ask } = await setUp([{ hang: true }]);
    const stop = new AbortController();
    const asked = ask({ signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('stopped'),
    });
  });

  test('a port that nobody listens on', async () => {
    const model = createModel({
      provider: 'openai-compatible',
      model: 'm',
      baseUrl: 'http://127.0.0.1:1/v1',
      retries: 0,
    });
    const request = {
      system: '',
      prompt: 'x',
      maxOutputTokens: 1,
      temperature: 0,
      signal: new AbortController().signal,
    };
    await expect(model.ask(request)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
