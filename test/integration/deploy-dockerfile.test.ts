import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { imagesOf } from '../../src/deploy/builders/images.ts';
import { run } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { ensureBaseImage } from '../../src/sandbox/oci/base-image.ts';
import { engineOrThrow } from '../../src/sandbox/oci/engine.ts';
import { buildImage, removeImage } from '../../src/sandbox/oci/images.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { needs } from '../needs.ts';
import { ask, sandboxState, startServer, wordApp, writeFiles, type Running } from './deploy-setup.ts';

const local = await sandboxState();
const state = await sandboxes().oci.available();
const missing = state.ok ? local.missing : `${state.reason}; ${state.mend}`;

needs(state.ok && local.ok, `images: ${missing}`)('an app with a Dockerfile', () => {
  let folder: string;
  let running: Running;
  let base: string;
  beforeAll(async () => {
    folder = await scratchDir('deploy-image');
    base = await ensureBaseImage(await engineOrThrow(), process.execPath, folder);
    const images = imagesOf(sandboxes().oci, { buildImage, removeImage });
    running = await startServer(join(folder, 'data'), { images });
  });
  afterAll(async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is built, run, replaced, rolled back and removed', async () => {
    const source = join(folder, 'source');
    const { 'server.js': server } = wordApp('contained');
    const dockerfile = (word: string): string =>
      [
        `FROM ${base}`,
        'WORKDIR /srv',
        'COPY server.js .',
        `ENV SECRET=${word}`,
        'CMD ["node", "server.js"]',
        '',
      ].join('\n');
    await running.deployer.createApp('boxed');
    const said: string[] = [];
    const deploy = async (word: string): Promise<string> => {
      await writeFiles(source, { 'server.js': server!, Dockerfile: dockerfile(word) });
      await running.deployer.deployTree('boxed', source, { onOutput: (line) => said.push(line) });
      return (await running.deployer.current('boxed'))!.launch.image!;
    };
    const first = await deploy('one');
    expect((await ask(running, 'boxed')).text).toBe('contained');
    expect((await ask(running, 'boxed', '/secret')).text).toBe('one');
    expect(said.some((line) => line.includes('COPY server.js'))).toBe(true);
    const second = await deploy('two');
    expect((await ask(running, 'boxed', '/secret')).text).toBe('two');
    await running.deployer.rollback('boxed');
    expect((await ask(running, 'boxed', '/secret')).text).toBe('one');
    await expect(deploy('three\nRUN false')).rejects.toMatchObject({ code: 'no' });
    expect((await ask(running, 'boxed', '/secret')).text).toBe('one');
    await running.deployer.destroyApp('boxed');
    const { program } = await engineOrThrow();
    for (const image of [first, second])
      expect((await run([...program, 'image', 'inspect', image])).code).not.toBe(0);
  });
});
