import { describe, expect, test } from 'vitest';
import type { SandboxSpec } from '../port.ts';
import { containerEnvironment, createArguments, volumeArguments, type Place } from './arguments.ts';
import { ulimitsFrom, type Engine } from './engine.ts';
import { holderArguments } from './holder.ts';
import { buildArguments } from './images.ts';

const podman: Engine = { name: 'podman', program: ['podman'], ulimits: ['nofile=1024:20000'] };
const docker: Engine = { name: 'docker', program: ['docker'], ulimits: ['nofile=1024:20000'] };

const spec: SandboxSpec = {
  id: 'x',
  tree: '/data/releases/1',
  argv: ['node', 'main.js', '--flag'],
  env: { SECRET: 'abc', LD_PRELOAD: '/evil.so' },
  network: 'none',
  limits: { memoryBytes: 100_000_000.7, processes: 50, cpus: 0.5 },
};

const place: Place = {
  name: 'vouch-1-2-x',
  owner: '1-2',
  image: 'localhost/vouch-base:k',
  workdir: '/app',
  imageUser: null,
  scratch: '/tmp/s',
  cgroupParent: '/vouch/1-2-x',
  network: 'ns:/proc/7/ns/net',
  layered: true,
};

/** Values of an option that is given as two arguments. */
function values(args: string[], option: string): string[] {
  return args.flatMap((word, at) => (args[at - 1] === option ? [word] : []));
}

describe('create', () => {
  test('limits, no privileges, our cgroup and label', () => {
    for (const engine of [podman, docker]) {
      const args = createArguments(engine, spec, place);
      expect(values(args, '--memory')).toEqual(['100000000']);
      expect(values(args, '--memory-swap')).toEqual(['100000000']);
      expect(values(args, '--pids-limit')).toEqual(['50']);
      expect(values(args, '--cpus')).toEqual(['0.5']);
      expect(values(args, '--cap-drop')).toEqual(['all']);
      expect(values(args, '--security-opt')).toEqual(['no-new-privileges']);
      expect(values(args, '--user')).toEqual(['60789:60789']);
      expect(values(args, '--cgroup-parent')).toEqual(['/vouch/1-2-x']);
      expect(values(args, '--label')).toEqual(['vouch.owner=1-2']);
      expect(values(args, '--volume')).toEqual(['vouch-1-2-x:/app:ro']);
      expect(args).toContain('--read-only');
    }
  });

  test('no value of the environment is on the command line, or acts on the client', () => {
    const args = createArguments(podman, spec, place);
    expect(args.join(' ')).not.toMatch(/abc|evil/);
    expect(containerEnvironment(spec).client).toMatchObject({
      V_SECRET: 'abc',
      V_LD_PRELOAD: '/evil.so',
      V_HOME: '/tmp',
    });
    expect(Object.keys(containerEnvironment(spec).client).every((name) => name.startsWith('V_'))).toBe(true);
  });

  test('with an image: dangerous names go through a file, which cannot hold line breaks', () => {
    const ofImage = { ...spec, image: 'shop:1', env: { ...spec.env, KEY: 'a\nb', https_proxy: 'p' } };
    expect(containerEnvironment(ofImage)).toEqual({
      client: { SECRET: 'abc', KEY: 'a\nb' },
      file: 'HOME=/tmp\nLD_PRELOAD=/evil.so\nhttps_proxy=p\n',
    });
    const broken = { ...ofImage, env: { PATH: 'a\nb' } };
    expect(() => containerEnvironment(broken)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('podman is told not to hand on proxies or variables; docker does not know these options', () => {
    expect(createArguments(podman, spec, place)).toEqual(
      expect.arrayContaining(['--http-proxy=false', '--unsetenv-all']),
    );
    expect(createArguments(docker, spec, place).join(' ')).not.toMatch(
      /http-proxy|unsetenv|image-volume|read-only-tmpfs/,
    );
  });

  test('the program comes after the image, so that none of its words is an option', () => {
    const args = createArguments(docker, { ...spec, argv: ['--privileged'] }, { ...place, image: 'i' });
    expect(args.slice(args.indexOf('i'))).toEqual([
      'i',
      '/bin/sh',
      '/etc/start',
      'PATH HOME SECRET LD_PRELOAD',
      '/app',
      '--privileged',
    ]);
    const ofImage = createArguments(
      docker,
      { ...spec, image: 'shop:1', argv: [] },
      { ...place, image: 'shop:1', layered: false },
    );
    expect(ofImage.at(-1)).toBe('shop:1');
    expect(values(ofImage, '--volume')).toEqual([]);
  });

  test('mounts with commas and quotes are one field', () => {
    const args = createArguments(
      podman,
      { ...spec, binds: { '/srv/x': '/a,b"c', '/srv/y': { path: '/w', writable: true } } },
      place,
    );
    expect(values(args, '--mount').slice(2)).toEqual([
      'type=bind,"source=/a,b""c",target=/srv/x,readonly',
      'type=bind,source=/w,target=/srv/y',
    ]);
  });
});

test('volume: the changed files over the tree', () => {
  const args = volumeArguments(place);
  expect(values(args, '--label')).toEqual(['vouch.owner=1-2']);
  expect(values(args, '--driver')).toEqual(['local']);
  expect(values(args, '--opt')).toEqual([
    'type=overlay',
    'device=overlay',
    'o=lowerdir=/tmp/s/tree,upperdir=/tmp/s/layer,workdir=/tmp/s/work,metacopy=on',
  ]);
  expect(args.at(-1)).toBe('vouch-1-2-x');
});

test('docker keeps a network with a container that only sleeps', () => {
  const args = holderArguments('n', ['vouch.owner=1-2'], 'base');
  expect(args.slice(args.indexOf('base'))).toEqual(['base', 'sleep', 'infinity']);
  expect(values(args, '--network')).toEqual(['none']);
});

describe('build', () => {
  test('no network and no registry unless asked', () => {
    const args = buildArguments(podman, {
      context: '/c',
      tag: 'shop:1',
      limits: { memoryBytes: 1e9, cpus: 1.5 },
    });
    expect(values(args, '--network')).toEqual(['none']);
    expect(args).toContain('--pull-never');
    expect(values(args, '--cpu-quota')).toEqual(['150000']);
    expect(args.at(-1)).toBe('/c');
    const asked = buildArguments(podman, { context: '/c', tag: 'shop:1', network: 'host' });
    expect(asked).not.toContain('--pull-never');
    expect(buildArguments(docker, { context: '/c', tag: 'shop:1' }).join(' ')).not.toMatch(/pull|http-proxy/);
  });

  test.each(['--privileged', 'A', 'a b', '', 'a;b'])('the tag %j is refused', (tag) => {
    expect(() => buildArguments(podman, { context: '/c', tag })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});

test('ulimits are within what we may set', () => {
  const limits = (files: string, processes: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             10                   ${processes}                processes \nMax open files            20                ${files}                files     \n`;
  expect(ulimitsFrom(limits('20000', '96365'))).toEqual([
    'core=0:0',
    'nofile=1024:20000',
    'nproc=32768:32768',
  ]);
  expect(ulimitsFrom(limits('512', '100'))).toEqual(['core=0:0', 'nofile=512:512', 'nproc=100:100']);
  expect(ulimitsFrom(limits('unlimited', 'unlimited'))).toEqual([
    'core=0:0',
    'nofile=1024:1048576',
    'nproc=32768:32768',
  ]);
});
