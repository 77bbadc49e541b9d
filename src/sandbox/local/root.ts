import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import type { SandboxSpec } from '../port.ts';
import { SANDBOX_USER } from '../port.ts';
import { APP_FOLDER, NODE_FOLDER, isBelow, tmpBytes } from '../spec.ts';

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];
/** Of the host's /etc, only what names, certificates, users and the dynamic linker need. Copied: they may be symlinks. */
const ETC_FILES = [
  'hosts', 'resolv.conf', 'nsswitch.conf', 'host.conf', 'gai.conf', 'localtime', 'timezone', 'services', 'protocols',
  'mime.types', 'ld.so.cache', 'ld.so.conf', 'os-release', 'hostname',
]; // prettier-ignore
const ETC_FOLDERS = ['ssl', 'pki', 'alternatives'];
const SYSTEM_FOLDERS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
const SMALL_TMPFS = 64 * 1024 * 1024;

export interface RootPlan {
  scratch: string;
  spec: SandboxSpec;
  node: string;
  /** Folders of the program's control groups, by where they are mounted: shown so that runtimes see their limits. */
  cgroups: { mountPoint: string; folder: string }[];
  startScript: string;
}

/**
 * Lays out the root folder with all mount points, and the lists of mounts for init.sh. Synchronous on purpose: some
 * sixty tiny calls take 2 ms so, and ten times that one by one through the thread pool.
 */
export function layOutRoot(plan: RootPlan): void {
  const { scratch, spec } = plan;
  const root = join(scratch, 'root');
  const mounts: string[] = [];
  const mount = (source: string, target: string, type: string, options: string): void => {
    mounts.push([escape(source), escape(join(root, target)), type, options, '0 0'].join(' '));
  };
  const bind = (source: string, target: string, options = 'bind,ro,nosuid,nodev'): void =>
    mount(source, target, 'none', options);
  const folder = (path: string): void => void mkdirSync(join(root, path), { recursive: true });
  const file = (path: string, content = ''): void => {
    folder(dirname(path));
    writeFileSync(join(root, path), content);
  };
  for (const name of ['layer', 'tree', 'rw', 'root']) mkdirSync(join(scratch, name), { recursive: true });

  bind(root, '.');
  folder('usr');
  bind('/usr', 'usr');
  for (const name of SYSTEM_FOLDERS) systemFolder(name);
  etc();
  for (const name of ['proc', 'tmp', 'var', 'run', 'app', 'opt/lib', 'dev/shm', 'sys/devices/system/cpu'])
    folder(name);
  symlinkSync('/tmp', join(root, 'var/tmp'));
  symlinkSync('/run', join(root, 'var/run'));
  file(join(NODE_FOLDER, 'node'));
  bind(plan.node, join(NODE_FOLDER, 'node'));
  mount('proc', 'proc', 'proc', 'nosuid,nodev,noexec');
  mount('tmpfs', 'tmp', 'tmpfs', `size=${tmpBytes(spec)},mode=1777,nosuid,nodev`);
  mount('tmpfs', 'dev/shm', 'tmpfs', `size=${SMALL_TMPFS},mode=1777,nosuid,nodev,noexec`);
  for (const name of DEVICES) {
    file(`dev/${name}`);
    bind(`/dev/${name}`, `dev/${name}`, 'bind,nosuid');
  }
  for (const [name, to] of [
    ['fd', ''],
    ['stdin', '/0'],
    ['stdout', '/1'],
    ['stderr', '/2'],
  ] as const) {
    symlinkSync(`/proc/self/fd${to}`, join(root, 'dev', name));
  }
  if (existsSync('/sys/devices/system/cpu')) bind('/sys/devices/system/cpu', 'sys/devices/system/cpu');
  for (const group of plan.cgroups) {
    folder(group.mountPoint);
    bind(group.folder, group.mountPoint);
  }
  // By a name without special characters, and relative to the scratch folder, where init.sh runs: overlayfs splits its
  // options at commas and colons. It also keeps the host's paths out of the program's /proc/mounts.
  mounts.push(
    [escape(spec.tree), escape(join(scratch, 'tree')), 'none', 'bind,ro,nosuid,nodev', '0 0'].join(' '),
  );
  const layers = 'lowerdir=layer:tree';
  if (spec.writable)
    mount(
      'overlay',
      APP_FOLDER,
      'overlay',
      `${layers},upperdir=rw/upper,workdir=rw/work,metacopy=on,nosuid,nodev`,
    );
  else mount('overlay', APP_FOLDER, 'overlay', `${layers},ro,nosuid,nodev`);
  writeFileSync(join(scratch, 'fstab'), `${mounts.join('\n')}\n`);
  layOutBinds(scratch, root, spec.binds ?? {});

  function systemFolder(name: string): void {
    const info = lstatSync(join('/', name), { throwIfNoEntry: false });
    if (info?.isSymbolicLink()) symlinkSync(readlinkSync(join('/', name)), join(root, name));
    else if (info?.isDirectory()) {
      folder(name);
      bind(join('/', name), name);
    }
  }

  function etc(): void {
    file(
      'etc/passwd',
      `root:x:0:0:root:/:/usr/sbin/nologin\napp:x:${SANDBOX_USER}:${SANDBOX_USER}:app:/tmp:/bin/sh\n`,
    );
    file('etc/group', `root:x:0:\napp:x:${SANDBOX_USER}:\n`);
    file('etc/start', readFileSync(plan.startScript, 'utf8'));
    file('etc/ld.so.preload');
    for (const name of ETC_FILES) {
      const from = join('/etc', name);
      if (statSync(from, { throwIfNoEntry: false })?.isFile()) copyFileSync(from, join(root, 'etc', name));
    }
    for (const name of ETC_FOLDERS) {
      if (!existsSync(join('/etc', name))) continue;
      folder(join('etc', name));
      bind(join('/etc', name), join('etc', name));
    }
  }
}

/** Binds are mounted last. Their mount points are made here, those below /tmp by init.sh once /tmp is mounted. */
function layOutBinds(scratch: string, root: string, binds: NonNullable<SandboxSpec['binds']>): void {
  const later: string[] = [];
  const mounts: string[] = [];
  for (const [asked, source] of Object.entries(binds)) {
    const from = typeof source === 'string' ? { path: source, writable: false } : source;
    const target = asked.replace(/^\/var\/(run|tmp)(?=\/)/, '/$1');
    const info = lstatSync(from.path, { throwIfNoEntry: false });
    if (info === undefined)
      throw new VouchError('not-found', `${from.path}: not there, so it cannot be shown at ${asked}`);
    if (target.includes('\n')) throw new VouchError('usage', 'sandbox: a line break in the target of a bind');
    if (isBelow(target, '/tmp')) later.push(info.isDirectory() ? `${target}/` : target);
    else if (info.isDirectory()) mkdirSync(join(root, target), { recursive: true });
    else {
      mkdirSync(join(root, dirname(target)), { recursive: true });
      writeFileSync(join(root, target), '');
    }
    mounts.push(
      `${escape(from.path)} ${escape(join(root, target))} none bind,nosuid,nodev${from.writable ? '' : ',ro'} 0 0`,
    );
  }
  if (mounts.length === 0) return;
  writeFileSync(join(scratch, 'binds'), later.map((line) => `${line}\n`).join(''));
  writeFileSync(join(scratch, 'binds.fstab'), `${mounts.join('\n')}\n`);
}

/** fstab(5): space, tab, line break, backslash and # as octal. */
function escape(path: string): string {
  return path.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
