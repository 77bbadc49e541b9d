import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VouchError, systemCode } from '../lib/errors.ts';
import { printable } from './names.ts';
import type { ReleaseStore } from './ports.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;
const MAX_VALUE_BYTES = 64 * 1024;
const MAX_NAMES = 500;

/** Values for an app's process, encrypted at rest. */
export interface Environment {
  names(app: string): Promise<string[]>;
  read(app: string): Promise<Record<string, string>>;
  /** Null removes. Throws `usage` for a bad name or value; messages never hold a value. */
  write(app: string, changes: Record<string, string | null>): Promise<void>;
}

/** Opens with the key in `keyFile`, made (mode 0600) when there is none. */
export async function openEnvironment(keyFile: string, store: ReleaseStore): Promise<Environment> {
  const key = await readKey(keyFile);
  return {
    async names(app) {
      return [...(await store.readEnvironment(app)).keys()].sort();
    },
    async read(app) {
      const values: Record<string, string> = {};
      for (const [name, sealed] of await store.readEnvironment(app))
        values[name] = unseal(key, app, name, sealed);
      return values;
    },
    async write(app, changes) {
      const sealed = new Map<string, Uint8Array | null>();
      for (const [name, value] of Object.entries(changes)) {
        checkName(name);
        if (value !== null) checkValue(name, value);
        sealed.set(name, value === null ? null : seal(key, app, name, value));
      }
      const names = new Set([...(await store.readEnvironment(app)).keys(), ...sealed.keys()]);
      if (names.size > MAX_NAMES)
        throw new VouchError('usage', `more than ${MAX_NAMES} environment values for ${app}`);
      await store.writeEnvironment(app, sealed);
    },
  };
}

function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    throw new VouchError('usage', `${printable(name)}: not a name for an environment value`, {
      hint: 'use letters, digits and _, not beginning with a digit',
    });
  }
  if (name === 'PORT') throw new VouchError('usage', 'PORT is chosen for each deployment, it cannot be set');
}

function checkValue(name: string, value: string): void {
  if (value.includes('\0'))
    throw new VouchError('usage', `the value of ${name} holds a NUL character, which no environment can`);
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw new VouchError('usage', `the value of ${name} is larger than ${MAX_VALUE_BYTES} bytes`);
}

/**
 * AES-256-GCM. Layout: version (1 byte), nonce (12), tag (16), ciphertext. App and name are authenticated too, so that a
 * row moved to another name or app does not decrypt.
 */
function seal(key: Buffer, app: string, name: string, value: string): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(context(app, name));
  const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), text]);
}

function unseal(key: Buffer, app: string, name: string, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed);
  try {
    if (bytes[0] !== VERSION) throw new Error(`unknown version ${bytes[0]}`);
    const iv = bytes.subarray(1, 1 + IV_BYTES);
    const tag = bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
      .setAAD(context(app, name))
      .setAuthTag(tag);
    const text = Buffer.concat([decipher.update(bytes.subarray(1 + IV_BYTES + TAG_BYTES)), decipher.final()]);
    return text.toString('utf8');
  } catch (error) {
    throw new VouchError('unavailable', `the environment value ${name} of ${app} cannot be decrypted`, {
      hint: 'restore keys/environment.key from a copy, or set the value again',
      cause: error,
    });
  }
}

function context(app: string, name: string): Buffer {
  return Buffer.from(`${app}\0${name}`);
}

async function readKey(path: string): Promise<Buffer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return await checkKey(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  // Linked into place whole: of two processes that start at once, one key wins and both use it.
  const temporary = join(dirname(path), `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  await writeFile(temporary, randomBytes(KEY_BYTES).toString('hex'), { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return checkKey(path);
}

async function checkKey(path: string): Promise<Buffer> {
  const text = (await readFile(path, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new VouchError('unavailable', `${path}: not a key (64 hexadecimal digits are expected)`);
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
  return Buffer.from(text, 'hex');
}
