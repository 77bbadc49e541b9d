import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { run, runOrThrow } from '../../lib/process.ts';
import { scratchDir } from '../../lib/scratch.ts';
import { SANDBOX_USER } from '../port.ts';
import { NODE_FOLDER } from '../spec.ts';
import { engineCall, type Engine } from './engine.ts';

const REPOSITORY = 'localhost/vouch-base';
/** What start scripts of ordinary apps and Dockerfiles use. Those that the machine lacks are left out. */
const PROGRAMS = (
  'sh env bash cat ls cp mv rm mkdir rmdir ln touch chmod chown sleep date id uname true false echo printf test ' +
  'sed grep head tail sort uniq wc tr cut basename dirname readlink realpath find xargs tar gzip which ps kill mktemp'
).split(' ');
const FOLDERS = [
  'usr/bin',
  'usr/sbin',
  'usr/lib',
  'dev',
  'proc',
  'sys',
  'run',
  'var',
  'app',
  'etc',
  'opt/lib',
  'root',
];

/**
 * An image of Node.js, a shell and the basic programs with their libraries, made from the machine's own files: no
 * registry is asked. Its name says its content, so it is made once. Returns the name, which a Dockerfile can start `FROM`.
 */
export async function ensureBaseImage(engine: Engine, node: string, stateFolder: string): Promise<string> {
  const image = `${REPOSITORY}:${contentKey(node)}`;
  const there = await run([...engine.program, 'image', 'inspect', '--format', '{{.Id}}', image]);
  if (there.code === 0) return image;
  const scratch = await scratchDir('base-image', stateFolder);
  try {
    await stage(join(scratch, 'root'), node);
    const tar = join(scratch, 'root.tar');
    await runOrThrow(['tar', '-C', join(scratch, 'root'), '--numeric-owner', '-cf', tar, '.']);
    const changes = [
      `ENV PATH=${NODE_FOLDER}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      'WORKDIR /app',
      'LABEL vouch.base=1',
    ];
    await engineCall(engine, ['import', ...changes.flatMap((change) => ['--change', change]), tar, image], {
      timeoutMs: 300_000,
    });
    return image;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function contentKey(node: string): string {
  const hash = createHash('sha256');
  const facts = (path: string): string => {
    const info = statSync(path);
    return `${path} ${info.size} ${info.mtimeMs}`;
  };
  hash.update(facts(realpathSync(node)));
  for (const name of PROGRAMS) for (const path of programPath(name)) hash.update(facts(path));
  hash.update(readFileSync(startScript()));
  hash.update(readFileSync(import.meta.filename));
  return hash.digest('hex').slice(0, 16);
}

async function stage(root: string, node: string): Promise<void> {
  for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  // Podman gives the root of a volume the owner of the folder that it hides.
  chownSync(join(root, 'app'), SANDBOX_USER, SANDBOX_USER);
  chmodSync(join(root, 'tmp'), 0o1777); // engines give the tmpfs there the same
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const info = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (info?.isSymbolicLink()) {
      mkdirSync(join(root, 'usr', name), { recursive: true });
      symlinkSync(readlinkSync(`/${name}`), join(root, name));
    } else mkdirSync(join(root, name), { recursive: true });
  }
  const programs = PROGRAMS.flatMap(programPath);
  const libraries = await librariesOf([realpathSync(node), ...programs]);
  for (const path of [...programs, ...libraries]) copy(path, join(root, canonical(path)));
  copy(node, join(root, NODE_FOLDER, 'node'));
  writeFileSync(
    join(root, 'etc/passwd'),
    `root:x:0:0:root:/:/bin/sh\napp:x:${SANDBOX_USER}:${SANDBOX_USER}:app:/tmp:/bin/sh\n`,
  );
  writeFileSync(join(root, 'etc/group'), `root:x:0:\napp:x:${SANDBOX_USER}:\n`);
  writeFileSync(join(root, 'etc/ld.so.preload'), '');
  copy(startScript(), join(root, 'etc/start'));
  for (const path of [
    '/etc/nsswitch.conf',
    '/etc/os-release',
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
  ]) {
    if (existsSync(path)) copy(path, join(root, path));
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to, { force: true });
}

/** The path without symlinked folders (`/lib` → `/usr/lib`), the file's own name kept. */
function canonical(path: string): string {
  return join(realpathSync(dirname(path)), basename(path));
}

function programPath(name: string): string[] {
  const found = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  return found === undefined ? [] : [found];
}

/** Shared libraries and the dynamic linker, by ldd(1). Scripts and static programs have none. */
async function librariesOf(programs: string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const program of programs) {
    const { stdout } = await run(['ldd', program]);
    for (const match of stdout.toString('utf8').matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm))
      found.add(match[1]!);
  }
  return [...found];
}

function startScript(): string {
  return join(import.meta.dirname, '../start.sh');
}
