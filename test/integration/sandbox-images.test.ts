import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { ran, specOf } from '../../src/sandbox/contract/harness.ts';
import { ensureBaseImage } from '../../src/sandbox/oci/base-image.ts';
import { engineOrThrow } from '../../src/sandbox/oci/engine.ts';
import { buildImage, listImages, removeImage } from '../../src/sandbox/oci/images.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { needs } from '../needs.ts';

const scratch = await scratchDir('images');
const { oci } = sandboxes({ stateFolder: scratch });
const state = await oci.available();

describe.skipIf(!needs(state.ok, state.ok ? '' : `${state.reason}: ${state.mend}`))('images', () => {
  const tag = `localhost/vouch-test:${newId('t')}`;
  const label = { name: 'vouch.test', value: newId('l') };
  const context = join(scratch, 'context');

  afterAll(async () => {
    await removeImage(tag, scratch);
    await rm(scratch, { recursive: true, force: true });
  });

  test('built from a Dockerfile, run, run with changed files, listed, removed', async () => {
    const base = await ensureBaseImage(await engineOrThrow(), process.execPath, scratch);
    await mkdir(join(context, 'lib'), { recursive: true });
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${base}\nWORKDIR /srv/shop\nENV FROM_IMAGE=yes\nCOPY . .\nRUN echo built > built.txt\nCMD ["node", "main.js"]\n`,
    );
    await writeFile(
      join(context, 'main.js'),
      `const fs = require('fs'); console.log(JSON.stringify({ ...require('./lib/a.js'), cwd: process.cwd(), built: fs.existsSync('built.txt'), image: process.env.FROM_IMAGE, given: process.env.GIVEN, uid: process.getuid(), year: new Date().getUTCFullYear() }))`,
    );
    await writeFile(join(context, 'lib/a.js'), `module.exports = { a: 'old' }`);
    let output = '';
    const { image } = await buildImage({
      context,
      tag,
      labels: { [label.name]: label.value },
      onOutput: (chunk) => (output += String(chunk)),
      limits: { memoryBytes: 512 * 1024 * 1024, cpus: 1 },
    });
    expect(output).toContain('RUN echo built');
    expect(await listImages(label)).toEqual([
      { image: expect.stringContaining(image.replace('sha256:', '')), tags: [tag] },
    ]);

    const plain = specOf('', { image: tag, argv: [], env: { GIVEN: 'a\nb' } });
    const first = await ran(oci, plain);
    expect(JSON.parse(first.stdout)).toMatchObject({
      a: 'old',
      cwd: '/srv/shop',
      built: true,
      image: 'yes',
      given: 'a\nb',
    });
    expect(JSON.parse(first.stdout)).not.toMatchObject({ uid: 0 });

    const changes = { 'lib/a.js': `module.exports = { a: 'new' }`, 'built.txt': null };
    const second = await ran(
      oci,
      specOf('', { ...plain, id: 'changed', changes, clockMs: Date.UTC(2020, 5, 1) }),
    );
    expect(JSON.parse(second.stdout)).toMatchObject({
      a: 'new',
      cwd: '/srv/shop',
      built: false,
      image: 'yes',
      year: 2020,
    });
    expect(JSON.parse((await ran(oci, { ...plain, id: 'again' })).stdout)).toMatchObject({
      a: 'old',
      built: true,
    });
  });

  test('a build that fails says why', async () => {
    const bad = join(scratch, 'bad');
    await mkdir(bad, { recursive: true });
    const base = await ensureBaseImage(await engineOrThrow(), process.execPath, scratch);
    await writeFile(join(bad, 'Dockerfile'), `FROM ${base}\nRUN exit 9\n`);
    await expect(buildImage({ context: bad, tag: `${tag}-bad` })).rejects.toMatchObject({
      code: 'no',
      message: expect.stringContaining('exit status 9'),
    });
  });

  test('the steps of a build have no network', async () => {
    const folder = join(scratch, 'network');
    await mkdir(folder, { recursive: true });
    const base = await ensureBaseImage(await engineOrThrow(), process.execPath, scratch);
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${base}\nRUN node -e "if (Object.values(os.networkInterfaces()).flat().some((i) => !i.internal)) process.exit(1)"\n`,
    );
    await buildImage({ context: folder, tag: `${tag}-network` });
    await removeImage(`${tag}-network`, scratch);
  });

  test('an image that is not there', async () => {
    await expect(oci.prepare(specOf('', { image: 'localhost/nothing:0', argv: [] }))).rejects.toMatchObject({
      code: 'not-found',
    });
    await removeImage('localhost/nothing:0');
  });
});
