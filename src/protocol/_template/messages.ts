import { z } from 'zod';

/**
 * The template speaks ECHO-LINES: a client sends a line, the server answers with a line, `!` at its beginning for an
 * error. It is a whole protocol, only a small one: copy the folder and replace what it knows.
 */
export const lineRequestSchema = z.object({ line: z.string() });
export type LineRequest = z.infer<typeof lineRequestSchema>;

export const lineResponseSchema = z.object({ ok: z.boolean(), line: z.string() });
export type LineResponse = z.infer<typeof lineResponseSchema>;
