import { z } from 'zod';
import type { ErrorCode } from '../../lib/errors.ts';

/** What goes over the agent's socket: one JSON text a line, requests and answers paired by `id`. */
export const MAX_LINE = 1024 * 1024;
/** Requests of one client that may wait at a time. */
export const MAX_WAITING = 1000;

const port = z.number().int().min(1).max(65535);
const path = z.string().min(1).max(4096);
const cgroupId = z.string().regex(/^\d{1,20}$/);
const address = z.union([z.ipv4(), z.ipv6()]);

export const requestSchema = z.object({
  id: z.number().int().nonnegative(),
  call: z.discriminatedUnion('method', [
    z.object({
      method: z.literal('tap'),
      cgroupPath: path,
      cgroupId,
      folder: path.startsWith('/'),
      maxBytes: z.number().int().positive().optional(),
      descendants: z.boolean().optional(),
      keep: z.boolean().optional(),
    }),
    z.object({ method: z.literal('untap'), cgroupId }),
    z.object({ method: z.literal('flush'), cgroupId }),
    z.object({
      method: z.literal('redirect'),
      cgroupPath: path,
      rules: z.array(z.object({ address, port, toPort: port })).max(4096),
      catchAllPort: port,
      dnsPort: port,
      passPorts: z.array(port).max(4096).optional(),
      refuse: z.array(z.object({ address, port })).max(4096).optional(),
    }),
    z.object({ method: z.literal('strays'), redirection: z.number().int() }),
    z.object({ method: z.literal('detach'), redirection: z.number().int() }),
  ]),
});
type WireRequest = z.infer<typeof requestSchema>;
export type WireCall = WireRequest['call'];

const CODES = [
  'usage',
  'not-found',
  'conflict',
  'no',
  'inconclusive',
  'missing-part',
  'forbidden',
  'unavailable',
] as const satisfies readonly ErrorCode[];

export const responseSchema = z.object({
  id: z.number().int().nullable(),
  result: z.json().optional(),
  error: z.object({ code: z.enum(CODES), message: z.string(), hint: z.string().optional() }).optional(),
});
export type WireResponse = z.infer<typeof responseSchema>;

export const statsSchema = z.object({
  events: z.number(),
  bytes: z.number(),
  lostBytes: z.number(),
  connections: z.number(),
});
export const straysSchema = z.array(z.object({ address: z.string(), port: z.number(), count: z.number() }));
