import { copyFile, chmod, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { VouchError, systemCode } from '../../lib/errors.ts';
import { scratchDir } from '../../lib/scratch.ts';
import { runStep, stepFolder } from './step.ts';
import type { BuildRequest } from './port.ts';

const NPM_INSIDE = '/vouch/npm';
const CACHE_INSIDE = '/vouch/npm-cache';
const SETTINGS_INSIDE = '/vouch/settings';
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** What reaching a registry may take; nothing else of our environment is handed to npm. */
const PASSED = [
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy',
  'npm_config_registry', 'npm_config_proxy', 'npm_config_https_proxy', 'npm_config_noproxy', 'npm_config_strict_ssl',
]; // prettier-ignore
/** Files that those settings name: shown inside as copies, because the sandbox's user may not read the originals. */
const FILES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'npm_config_cafile'];

/**
 * Flags that a `.npmrc` of the app must not decide: scripts (its own `ignore-scripts=false`) and the program run as git.
 */
const FLAGS = [
  '--git=git',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--logs-max=0',
];

export interface InstallRequest {
  build: BuildRequest;
  folder: string;
  /** `ci`: exactly the lock file. `install`: the newest that package.json allows, without writing a lock. */
  command: 'ci' | 'install';
}

/** Installs dependencies into `folder/node_modules`; scripts of packages run only if the app's settings say so. */
export async function npmInstall({ build, folder, command }: InstallRequest): Promise<void> {
  const scripts = build.settings.installScripts;
  // Packages' scripts could write what a later app is given, so an app that runs them has a cache of its own.
  const cache = await stepFolder(
    scripts ? join(build.cache, 'npm-scripts', build.app) : join(build.cache, 'npm'),
  );
  const settings = await npmSettings();
  try {
    await runStep({
      sandbox: build.sandbox,
      name: `npm ${command}`,
      folder,
      argv: [
        'node',
        `${NPM_INSIDE}/bin/npm-cli.js`,
        command,
        scripts ? '--no-ignore-scripts' : '--ignore-scripts',
        ...(command === 'install' ? ['--no-package-lock'] : []),
        `--cache=${CACHE_INSIDE}`,
        ...FLAGS,
      ],
      env: { ...settings.env, CI: 'true' },
      binds: {
        [NPM_INSIDE]: await npmFolder(),
        [CACHE_INSIDE]: { path: cache, writable: true },
        [SETTINGS_INSIDE]: settings.folder,
      },
      timeoutMs: INSTALL_TIMEOUT_MS,
      print: build.print,
    });
  } finally {
    await rm(settings.folder, { recursive: true, force: true });
  }
}

/** Runs the app's own build script. It gets no secrets: neither the user's npm settings nor the app's environment. */
export async function npmRunBuild(build: BuildRequest): Promise<void> {
  await runStep({
    sandbox: build.sandbox,
    name: 'npm run build',
    folder: build.tree,
    argv: ['node', `${NPM_INSIDE}/bin/npm-cli.js`, 'run', 'build', '--no-update-notifier', '--logs-max=0'],
    env: { CI: 'true' },
    binds: { [NPM_INSIDE]: await npmFolder() },
    timeoutMs: BUILD_TIMEOUT_MS,
    print: build.print,
  });
}

async function npmSettings(): Promise<{ folder: string; env: Record<string, string> }> {
  const folder = await scratchDir('npm');
  await chmod(folder, 0o755);
  const env: Record<string, string> = {};
  for (const name of PASSED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const show = async (path: string, variable: string): Promise<void> => {
    const copy = join(folder, variable);
    try {
      await copyFile(path, copy);
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return;
      throw error;
    }
    await chmod(copy, 0o644);
    env[variable] = `${SETTINGS_INSIDE}/${variable}`;
  };
  for (const name of FILES) {
    const path = process.env[name];
    if (path !== undefined && path !== '') await show(path, name);
  }
  await show(process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc'), 'npm_config_userconfig');
  return { folder, env };
}

/** The folder of the npm on our PATH. */
async function npmFolder(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    try {
      // `npm` is a link to `…/npm/bin/npm-cli.js`, on every system that npm supports but Windows.
      const found = dirname(dirname(await realpath(join(folder, 'npm'))));
      if ((await stat(join(found, 'bin', 'npm-cli.js'))).isFile()) return found;
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
    }
  }
  throw new VouchError('missing-part', 'npm is not on the PATH, and apps with a package.json need it', {
    hint: 'apt-get install npm',
  });
}

/** Made readable for everybody: programs in sandboxes run as a user who owns nothing. */
export async function emptyFolder(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  return path;
}
