import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError, systemCode } from '../../lib/errors.ts';
import type { Launch } from '../model.ts';
import { installLocked } from './modules.ts';
import { npmInstall, npmRunBuild } from './npm.ts';
import {
  checkEngines,
  hasDependencies,
  plainCommand,
  readLock,
  readPackageJson,
  scriptOf,
  type PackageJson,
} from './package-json.ts';
import type { Builder, BuildRequest } from './port.ts';

const OTHER_LOCKS = ['yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb'];

/**
 * An app with a `package.json`. All its dependencies are installed, those for development too: its own tests run on the
 * very tree of the release when a patch is judged.
 */
export const nodeBuilder: Builder = {
  name: 'node',
  detect: (tree) => isFile(join(tree, 'package.json')),
  async build(request) {
    const manifest = await readPackageJson(request.tree);
    checkEngines(manifest, request.nodeVersion, request.print);
    // Before the install: a missing start script should not cost a minute.
    const launch = await launchOf(request, manifest);
    const build = scriptOf(manifest, 'build');
    await install(request, manifest, build !== undefined);
    if (build !== undefined) {
      request.print(`npm run build: ${build}`);
      await npmRunBuild(request);
    }
    return launch;
  },
};

async function install(request: BuildRequest, manifest: PackageJson, writable: boolean): Promise<void> {
  const { print, tree } = request;
  const lock = await readLock(tree);
  if (lock !== undefined) {
    const begin = performance.now();
    const how = await installLocked(request, lock, writable);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    print(
      how === 'reused'
        ? `dependencies reused: ${lock.name} has not changed (${seconds} s)`
        : `dependencies installed from ${lock.name} (${seconds} s)`,
    );
    return;
  }
  if (!hasDependencies(manifest)) return;
  for (const name of OTHER_LOCKS) {
    if (await isFile(join(tree, name))) print(`warning: ${name} is not read; only npm's own lock file is`);
  }
  print('warning: no package-lock.json: the newest versions that package.json allows are installed');
  await npmInstall({ build: request, folder: tree, command: 'install' });
}

async function launchOf({ tree, settings }: BuildRequest, manifest: PackageJson): Promise<Launch> {
  if (settings.start !== null) return commandLine([settings.start]);
  const script = scriptOf(manifest, 'start');
  if (script !== undefined) {
    const all = [scriptOf(manifest, 'prestart'), script, scriptOf(manifest, 'poststart')];
    return commandLine(all.filter((one) => one !== undefined));
  }
  // As `npm start` does without a start script.
  if (await isFile(join(tree, 'server.js'))) return commandLine(['node server.js']);
  throw new VouchError('usage', 'package.json has no start script', {
    hint: 'add one, such as "scripts": { "start": "node server.js" }',
  });
}

/**
 * `node FILE …` is started as it stands, so that signals and the exit status are the app's own. Anything else is given
 * to a shell as npm would do it, with the programs of its dependencies on the path; inside the sandbox, like the app.
 */
function commandLine(scripts: string[]): Launch {
  const env = { NODE_ENV: 'production' };
  const plain = scripts.length === 1 ? plainCommand(scripts[0]!) : undefined;
  if (plain?.[0] === 'node') return { argv: plain, env, image: null };
  const path = 'PATH="$PWD/node_modules/.bin:$PATH"; export PATH';
  const body = plain ? `exec ${plain.join(' ')}` : scripts.map((script) => `{ ${script}\n}`).join(' && ');
  return { argv: ['sh', '-c', `${path}\n${body}`], env, image: null };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
