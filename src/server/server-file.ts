import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere, writeFileAtomic } from '../lib/files.ts';
import { parseJson } from '../lib/json.ts';

/** How the command line finds the server of a data folder: `server.json`, readable by the folder's owner only. */
const serverFileSchema = z.object({
  url: z.url(),
  /** Good as long as that server runs. */
  token: z.string(),
  pid: z.number(),
  version: z.string(),
});
export type ServerFile = z.infer<typeof serverFileSchema>;

/** Held by the server as long as it lives; see `takeLock`. */
export const SERVER_LOCK = 'server';

const pathOf = (folder: string): string => join(folder, 'server.json');

/** Undefined when there is none, or one that cannot be read. It may be of a server that was killed: ask the lock. */
export async function readServerFile(folder: string): Promise<ServerFile | undefined> {
  const bytes = await readIfThere(pathOf(folder));
  return bytes && serverFileSchema.safeParse(parseJson(bytes.toString('utf8'))).data;
}

export async function writeServerFile(folder: string, file: ServerFile): Promise<void> {
  await writeFileAtomic(pathOf(folder), `${JSON.stringify(file)}\n`, 0o600);
}

export async function removeServerFile(folder: string): Promise<void> {
  await rm(pathOf(folder), { force: true });
}
