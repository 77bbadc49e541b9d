import { z } from 'zod';
import { VouchError } from '../lib/errors.ts';
import type { AppSettings } from './model.ts';
import { checkBranch } from './names.ts';

const MIB = 1024 * 1024;

const settingsSchema = z.strictObject({
  branch: z.string(),
  start: z
    .string()
    .min(1)
    .max(4096)
    .refine((text) => !text.includes('\0'), 'holds a NUL character')
    .nullable(),
  healthPath: z
    .string()
    .regex(/^\/[!-~]{0,1000}$/, 'must begin with / and hold no spaces')
    .nullable(),
  healthTimeoutMs: z.int().min(100).max(600_000),
  installScripts: z.boolean(),
  memoryBytes: z
    .int()
    .min(32 * MIB)
    .max(1024 * 1024 * MIB),
  processes: z.int().min(8).max(32_768),
  cpus: z.number().min(0.05).max(1024),
  hosts: z.array(z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, 'is not a host name')).max(50),
});

/** Throws `usage` that names the setting. */
export function checkSettings(settings: AppSettings): AppSettings {
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new VouchError('usage', `app setting ${path.join('.')}: ${message}`);
  }
  checkBranch(parsed.data.branch);
  return parsed.data;
}
