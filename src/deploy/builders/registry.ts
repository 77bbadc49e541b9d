import { VouchError } from '../../lib/errors.ts';
import { dockerfileBuilder } from './dockerfile.ts';
import { nodeBuilder } from './node.ts';
import type { Builder, BuildRequest } from './port.ts';

/**
 * The builder for a tree: a Dockerfile says most precisely what its author wants, so it wins, if images can be built
 * here; then `package.json`. Throws `usage` or `missing-part` when there is none.
 */
export async function chooseBuilder(request: BuildRequest): Promise<Builder> {
  const { tree, images, print } = request;
  const isNode = await nodeBuilder.detect(tree);
  if (await dockerfileBuilder.detect(tree)) {
    const state = images
      ? await images.available()
      : ({ ok: false, reason: 'this server builds no images', mend: 'apt-get install podman runc' } as const);
    if (state.ok) return dockerfileBuilder;
    if (!isNode)
      throw new VouchError('missing-part', `there is a Dockerfile, but ${state.reason}`, {
        hint: state.mend,
      });
    print(`warning: the Dockerfile is not used: ${state.reason}; building from package.json`);
  }
  if (isNode) return nodeBuilder;
  throw new VouchError('usage', 'the commit has neither a package.json nor a Dockerfile at its top', {
    hint: 'add a package.json with a start script, or a Dockerfile',
  });
}
