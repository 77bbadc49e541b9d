import { VouchError } from '../lib/errors.ts';

/**
 * `fetch` for a provider's API: responses over `maxBytes` are refused while they come in, and redirects are not
 * followed, so that the key goes to nobody else.
 */
export function boundedFetch(maxBytes: number, inner: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await inner(input, { ...init, redirect: 'manual' });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new VouchError('usage', `the model's API answers with a redirect (${response.status})`, {
        hint: 'set llm.baseUrl to the address that it redirects to',
      });
    }
    if (response.body === null) return response;
    let size = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > maxBytes)
          controller.error(new VouchError('unavailable', `the model's API sent more than ${maxBytes} bytes`));
        else controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(limit), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}
