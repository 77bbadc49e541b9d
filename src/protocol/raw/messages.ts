import { z } from 'zod';
import { bytesSchema } from '../bytes.ts';

/** One direction of a connection that nobody can decode: how much, and the first of it. */
export const rawBytesSchema = z.object({
  bytes: z.number(),
  /** At most 16 KiB. */
  first: bytesSchema,
});
export type RawBytes = z.infer<typeof rawBytesSchema>;
