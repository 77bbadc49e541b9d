import type { Work } from './services.ts';

const BEAT_MS = 15_000;
/** Lines of progress that wait for a slow reader; more are dropped, the result never. */
const MAX_WAITING = 10_000;

/**
 * Answers with lines of JSON: progress as it happens, then the result or the error. The work is told to stop when the
 * reader goes away or one of `signals` fires.
 */
export function streamResult(
  start: (work: Work) => Promise<unknown>,
  signals: readonly AbortSignal[],
  explain: (error: unknown) => unknown,
): Response {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  let beat: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        const send = (value: unknown): void => {
          if (open && !gone.signal.aborted)
            controller.enqueue(encoder.encode(`${value === undefined ? '' : JSON.stringify(value)}\n`));
        };
        beat = setInterval(() => send(undefined), BEAT_MS);
        const onProgress = (line: string): void => {
          if ((controller.desiredSize ?? 0) > -MAX_WAITING) send({ progress: line });
        };
        void start({ signal: AbortSignal.any([gone.signal, ...signals]), onProgress })
          .then(
            (result) => send({ result }),
            (error: unknown) => send({ error: explain(error) }),
          )
          .finally(() => {
            clearInterval(beat);
            open = false;
            if (!gone.signal.aborted) controller.close();
          });
      },
      cancel() {
        clearInterval(beat);
        gone.abort();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' },
  });
}
