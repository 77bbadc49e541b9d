import { z } from 'zod';

const frameSchema = z.object({
  function: z.string().nullable(),
  /** Relative to the app's tree for `inApp` frames; as printed otherwise. */
  file: z.string(),
  line: z.number().nullable(),
  column: z.number().nullable(),
  /** Of the app itself: not the runtime's, not a dependency's. */
  inApp: z.boolean(),
});
export type Frame = z.infer<typeof frameSchema>;

/** One error as a detector saw it. */
export const errorEventSchema = z.object({
  detector: z.enum(['stack', 'crash', 'unhandled-rejection', 'server-error']),
  /** Error class (`TypeError`), or the detector's own word (`Exit`, `HTTP 500`). */
  type: z.string(),
  message: z.string(),
  /** Innermost first. Causes (`[cause]`) follow as events of `causes`. */
  frames: z.array(frameSchema),
  causes: z.array(z.object({ type: z.string(), message: z.string(), frames: z.array(frameSchema) })),
  /** Microseconds since 1970. */
  at: z.number(),
  /** The lines it was taken from, at most 8 KiB. */
  raw: z.string(),
  fingerprint: z.string(),
});
export type ErrorEvent = z.infer<typeof errorEventSchema>;

/** Errors that share a fingerprint in one app. */
export const incidentSchema = z.object({
  id: z.string(),
  app: z.string(),
  fingerprint: z.string(),
  title: z.string(),
  type: z.string(),
  message: z.string(),
  culprit: z.string().nullable(),
  status: z.enum(['open', 'fixing', 'proposed', 'resolved', 'ignored']),
  occurrences: z.number(),
  /** Microseconds since 1970, like `lastSeen`. */
  firstSeen: z.number(),
  lastSeen: z.number(),
  release: z.string(),
});
export type Incident = z.infer<typeof incidentSchema>;
