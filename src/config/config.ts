import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { VouchError, systemCode } from '../lib/errors.ts';
import { readIfThere, writeFileAtomic } from '../lib/files.ts';
import { isObject, parseJson, type Json } from '../lib/json.ts';
import { OTHER_VARIABLES, SETTINGS, type Config, type Setting, type SettingKey } from './settings.ts';

export interface LoadedConfig {
  /** The absolute data folder. */
  folder: string;
  config: Config;
  /** Where each value comes from. */
  sources: Readonly<Record<SettingKey, 'environment' | 'file' | 'default'>>;
  /** For standard error: names that nothing reads. */
  warnings: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const entries = Object.entries(SETTINGS) as [SettingKey, Setting][];

/** `--data`, else `VOUCH_DATA`, else `~/.vouch`. */
export function dataFolder(given: string | undefined, env: Environment = process.env): string {
  if (given === '') throw new VouchError('usage', '--data: the name of a folder is missing');
  return resolve(given ?? (env['VOUCH_DATA'] || join(homedir(), '.vouch')));
}

/** Reads the environment and the folder's `config.json`, once. The environment wins. Throws `usage` for a bad value. */
export async function loadConfig(folder: string, env: Environment = process.env): Promise<LoadedConfig> {
  const path = configPath(folder);
  const file = await readConfigFile(path);
  const warnings = Object.keys(file)
    .filter((key) => !isSettingKey(key))
    .map((key) => `${path}: ${key}: nothing reads this`);
  const known = new Set([...OTHER_VARIABLES, ...entries.map(([, setting]) => setting.env)]);
  for (const name of Object.keys(env)) {
    if (name.startsWith('VOUCH_') && !known.has(name))
      warnings.push(`${name}: nothing reads this environment variable`);
  }
  const config: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [key, setting] of entries) {
    const fromEnvironment = env[setting.env] === '' ? undefined : env[setting.env];
    const source =
      fromEnvironment !== undefined ? 'environment' : file[key] !== undefined ? 'file' : 'default';
    const where = source === 'environment' ? setting.env : `${path}: ${key}`;
    config[key] = check(setting, fromEnvironment ?? file[key], where);
    sources[key] = source;
  }
  return { folder, config: config as Config, sources: sources as LoadedConfig['sources'], warnings };
}

/** Writes one setting to the folder's `config.json`, or with null takes it out. Throws `usage`. */
export async function setSetting(folder: string, key: string, value: string | null): Promise<void> {
  if (!isSettingKey(key)) throw unknownSetting(key);
  const path = configPath(folder);
  const file = await readConfigFile(path);
  if (value === null) delete file[key];
  else {
    check(SETTINGS[key], value, key);
    file[key] = value;
  }
  try {
    await writeFileAtomic(path, `${JSON.stringify(file, null, 2)}\n`, 0o600);
  } catch (error) {
    if (systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT') {
      throw new VouchError('unavailable', `${path}: the disk is full`, {
        hint: 'free space on that file system, then try again',
        cause: error,
      });
    }
    throw new VouchError('usage', `${path}: cannot be written (${systemCode(error) ?? String(error)})`, {
      hint: 'choose another folder with --data',
      cause: error,
    });
  }
}

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

export function unknownSetting(key: string): VouchError {
  return new VouchError('usage', `${key}: there is no such setting`, {
    hint: '`vouch config get` lists them',
  });
}

function configPath(folder: string): string {
  return join(folder, 'config.json');
}

async function readConfigFile(path: string): Promise<{ [key: string]: Json }> {
  let bytes: Buffer | undefined;
  try {
    bytes = await readIfThere(path);
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return {}; // the store says what is wrong with the folder
    throw new VouchError('usage', `${path}: cannot be read (${systemCode(error) ?? String(error)})`, {
      hint: 'choose another folder with --data, or make this one readable for this user',
      cause: error,
    });
  }
  if (bytes === undefined) return {};
  const value = parseJson(bytes.toString('utf8'));
  if (!isObject(value))
    throw new VouchError('usage', `${path}: not a JSON object`, { hint: 'mend it, or remove it' });
  return value;
}

function check(setting: Setting, value: unknown, where: string): unknown {
  const checked = setting.schema.safeParse(value);
  if (checked.success) return checked.data;
  throw new VouchError('usage', `${where}: ${checked.error.issues[0]!.message}`, { hint: setting.help });
}
