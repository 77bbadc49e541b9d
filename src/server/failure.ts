import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';

/** What every refusal of the API looks like. `code` is an `ErrorCode`, or `bug`. */
export const failureSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});
export type Failure = z.infer<typeof failureSchema>['error'];

export function failure(
  c: Context,
  status: number,
  error: Failure,
  headers: Record<string, string> = {},
): Response {
  return c.json({ error }, status as ContentfulStatusCode, headers);
}
