import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { baseEnvironment, run } from '../../lib/process.ts';
import type { Limits } from '../port.ts';
import { APP_FOLDER } from '../spec.ts';
import { engineCall, engineOrThrow, type Engine } from './engine.ts';

export interface BuildImage {
  /** Folder with the Dockerfile. */
  context: string;
  /** Name and tag, such as `localhost/vouch-shop:r_01`. */
  tag: string;
  labels?: Readonly<Record<string, string>>;
  onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  limits?: Partial<Limits>;
  /** Whether the steps may use the machine's network. Default no. */
  network?: 'none' | 'host';
  timeoutMs?: number;
  signal?: AbortSignal;
}

const TREES = 'vouch-images';

/** Says that an image is ours. */
const IMAGE_LABEL = 'vouch.image';

/**
 * Builds an image from a Dockerfile. Throws `no` when the build fails (what it printed went to `onOutput`), `missing-part`
 * without a container engine. Returns the id of the image.
 */
export async function buildImage(build: BuildImage): Promise<{ image: string }> {
  const engine = await engineOrThrow();
  const result = await run([...engine.program, ...buildArguments(engine, build)], {
    env: baseEnvironment(),
    timeoutMs: build.timeoutMs ?? 20 * 60_000,
    maxOutputBytes: 64 * 1024,
    ...(build.onOutput === undefined ? {} : { onOutput: build.onOutput }),
    ...(build.signal === undefined ? {} : { signal: build.signal }),
  });
  if (result.code !== 0) {
    const why = result.timedOut
      ? 'timed out'
      : (result.stderr.toString('utf8').trim().split('\n').at(-1) ?? '');
    throw new VouchError('no', `the image ${build.tag} could not be built: ${why.slice(0, 1000)}`);
  }
  const { stdout } = await engineCall(engine, ['image', 'inspect', '--format', '{{.Id}}', build.tag]);
  return { image: stdout.toString('utf8').trim() };
}

export function buildArguments(engine: Engine, build: BuildImage): string[] {
  if (!/^[a-z0-9][a-z0-9._/:-]{0,200}$/.test(build.tag))
    throw new VouchError('usage', `image name ${JSON.stringify(build.tag)}`);
  const args = [
    'build',
    '--tag',
    build.tag,
    '--network',
    build.network ?? 'none',
    '--label',
    `${IMAGE_LABEL}=1`,
  ];
  for (const [name, value] of Object.entries(build.labels ?? {})) args.push('--label', `${name}=${value}`);
  for (const ulimit of engine.ulimits) args.push('--ulimit', ulimit);
  const { memoryBytes, cpus } = build.limits ?? {};
  if (memoryBytes !== undefined)
    args.push('--memory', String(Math.floor(memoryBytes)), '--memory-swap', String(Math.floor(memoryBytes)));
  if (cpus !== undefined)
    args.push('--cpu-period', '100000', '--cpu-quota', String(Math.round(cpus * 100_000)));
  if (engine.name === 'podman') args.push('--http-proxy=false');
  // No registry is asked for base images when the steps have no network. (`--pull=never` is not known to podman 4.)
  if (engine.name === 'podman' && build.network !== 'host') args.push('--pull-never');
  return [...args, build.context];
}

/** Removes an image; one that is gone is fine. Throws `conflict` while a container uses it. */
export async function removeImage(image: string, stateFolder?: string): Promise<void> {
  const engine = await engineOrThrow();
  const result = await run([...engine.program, 'rmi', image]);
  const said = result.stderr.toString('utf8').trim();
  if (result.code !== 0 && !/no such|not known|not found/i.test(said))
    throw new VouchError('conflict', `image ${image}: ${said.slice(-500)}`);
  if (stateFolder !== undefined) await rm(treeFolder(stateFolder, image), { recursive: true, force: true });
}

/** The images that `buildImage` made, newest first, optionally only those with a label's value. */
export async function listImages(label?: {
  name: string;
  value: string;
}): Promise<{ image: string; tags: string[] }[]> {
  const engine = await engineOrThrow();
  const filter = label === undefined ? `label=${IMAGE_LABEL}` : `label=${label.name}=${label.value}`;
  const { stdout } = await engineCall(engine, [
    'images',
    '--no-trunc',
    '--filter',
    filter,
    '--format',
    '{{.ID}} {{.Repository}}:{{.Tag}}',
  ]);
  const found = new Map<string, string[]>();
  for (const line of stdout.toString('utf8').split('\n').filter(Boolean)) {
    const [id, tag] = line.split(' ');
    const known = found.get(id!) ?? [];
    found.set(id!, tag === '<none>:<none>' ? known : [...known, tag!]);
  }
  return [...found].map(([image, tags]) => ({ image, tags }));
}

export interface ImageFacts {
  workdir: string;
  /** The image's user, unless it is root. */
  user: string | null;
}

export async function imageFacts(engine: Engine, image: string): Promise<ImageFacts> {
  const result = await run([...engine.program, 'image', 'inspect', '--format', '{{json .Config}}', image]);
  if (result.code !== 0) throw new VouchError('not-found', `image ${image} is not there`);
  const config = JSON.parse(result.stdout.toString('utf8')) as { WorkingDir?: string; User?: string };
  const user = config.User ?? '';
  return {
    workdir:
      config.WorkingDir === undefined || config.WorkingDir === '' ? '/' : posix.normalize(config.WorkingDir),
    user: /^(|0|root)(:.*)?$/.test(user) ? null : user,
  };
}

/**
 * The files at the image's working folder, on the host: the layer under changed files. Copied out once an image, since
 * the engines have no common way to show an image's files without a container.
 */
export async function imageTree(
  engine: Engine,
  image: string,
  workdir: string,
  stateFolder: string,
): Promise<string> {
  if (workdir === '/')
    throw new VouchError('usage', `image ${image} has no WORKDIR, so there is nowhere to put changed files`, {
      hint: `add WORKDIR ${APP_FOLDER} to the Dockerfile`,
    });
  const { stdout } = await engineCall(engine, ['image', 'inspect', '--format', '{{.Id}}', image]);
  await ownFolder(join(stateFolder, TREES));
  const folder = treeFolder(stateFolder, stdout.toString('utf8').trim());
  const there = await run(['test', '-d', folder]);
  if (there.code === 0) return folder;
  const temporary = `${folder}.${newId('tmp')}`;
  const name = `vouch-copy-${newId('copy')}`;
  await mkdir(temporary, { recursive: true });
  try {
    await engineCall(engine, [
      'create',
      '--name',
      name,
      '--network',
      'none',
      ...engine.ulimits.flatMap((one) => ['--ulimit', one]),
      image,
      'none',
    ]);
    await engineCall(engine, ['cp', `${name}:${workdir}/.`, temporary], { timeoutMs: 300_000 });
    await rename(temporary, folder);
    return folder;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const other = await run(['test', '-d', folder]); // somebody else was first
    if (other.code === 0) return folder;
    throw error;
  } finally {
    await run([...engine.program, 'rm', '--force', name]);
  }
}

/** The state folder may be the machine's temporary one, where somebody else could have put a folder of this name. */
async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const info = await lstat(folder);
  if (info.isDirectory() && info.uid === process.getuid?.()) return;
  throw new VouchError('forbidden', `${folder} does not belong to us`, {
    hint: 'remove it, or choose another data folder',
  });
}

function treeFolder(stateFolder: string, image: string): string {
  return join(stateFolder, TREES, image.replace(/^sha256:/, '').replace(/[^a-z0-9]/g, '_'));
}
