import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../lib/errors.ts';
import type { Builder } from './port.ts';

const TIMEOUT_MS = 15 * 60_000;

/** Builds the image that the Dockerfile describes; the program is what it says. */
export const dockerfileBuilder: Builder = {
  name: 'dockerfile',
  async detect(tree) {
    try {
      return (await lstat(join(tree, 'Dockerfile'))).isFile();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  },
  async build({ app, release, tree, images, print }) {
    if (!images) throw new Error('dockerfile: no image builder');
    print('building the image of the Dockerfile');
    const image = await images.build({
      tree,
      tag: `${app}:${release}`,
      onOutput: print,
      timeoutMs: TIMEOUT_MS,
    });
    return { argv: [], env: {}, image };
  },
};
