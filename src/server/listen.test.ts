import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from './listen.ts';
import { streamResult } from './ndjson.ts';
import type { Work } from './services.ts';

const ANY = { host: '127.0.0.1', port: 0 };

describe('listen', () => {
  it('says which address cannot be had, and why', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const answer = (): Response => new Response('');
    const taken = listen(answer, { host: '127.0.0.1', port });
    await expect(taken).rejects.toMatchObject({
      code: 'conflict',
      message: `127.0.0.1:${port}: the port is in use`,
    });
    other.close();
    await expect(listen(answer, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'usage' });
  });

  it('lets requests under way end when it closes, and cuts the ones that do not', async () => {
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
    const { promise: answer, resolve: onAnswer } = Promise.withResolvers<void>();
    const listening = await listen(async (request) => {
      if (request.url.endsWith('/never')) return new Promise<Response>(() => {});
      onAsked();
      await answer;
      return new Response('done');
    }, ANY);
    const url = `http://127.0.0.1:${listening.port}`;
    const slow = fetch(`${url}/slow`);
    const never = fetch(`${url}/never`).then(
      () => 'answered',
      () => 'cut',
    );
    await asked;
    const closed = listening.close(200);
    onAnswer();
    expect(await (await slow).text()).toBe('done');
    await closed;
    expect(await never).toBe('cut');
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe('streamResult', () => {
  async function streamed(
    work: (work: Work) => Promise<unknown>,
    use: (url: string) => Promise<void>,
    ending?: AbortSignal,
  ): Promise<void> {
    const explain = (error: unknown): unknown => ({ code: 'bug', message: String(error) });
    const listening = await listen(() => streamResult(work, ending ? [ending] : [], explain), ANY);
    await use(`http://127.0.0.1:${listening.port}`);
    await listening.close(100);
  }

  it('tells the work to stop when the one who asked goes away', async () => {
    const { promise: stopped, resolve: onStopped } = Promise.withResolvers<void>();
    await streamed(
      async ({ signal, onProgress }) => {
        onProgress('begun');
        signal.addEventListener('abort', () => onStopped(), { once: true });
        await stopped;
      },
      async (url) => {
        const client = new AbortController();
        const response = await fetch(url, { signal: client.signal });
        const { value } = await response.body!.getReader().read();
        expect(Buffer.from(value!).toString()).toBe('{"progress":"begun"}\n');
        client.abort();
        await stopped;
      },
    );
  });

  it('tells it too when the server ends, and the asker how it ended', async () => {
    const ending = new AbortController();
    await streamed(
      async ({ signal, onProgress }) => {
        onProgress('begun');
        await once(signal, 'abort');
        throw new Error('stopped');
      },
      async (url) => {
        const response = await fetch(url);
        ending.abort();
        expect(await response.text()).toBe(
          '{"progress":"begun"}\n{"error":{"code":"bug","message":"Error: stopped"}}\n',
        );
      },
      ending.signal,
    );
  });

  it('drops progress that nobody reads, and never the result', async () => {
    await streamed(
      async ({ onProgress }) => {
        for (let i = 0; i < 50_000; i++) onProgress(`line ${i}`);
        return 'the end';
      },
      async (url) => {
        const lines = (await (await fetch(url)).text()).trimEnd().split('\n');
        expect(lines.length).toBeLessThan(20_000);
        expect(lines.at(-1)).toBe('{"result":"the end"}');
      },
    );
  });
});
