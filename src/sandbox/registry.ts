import { VouchError } from '../lib/errors.ts';
import { localSandbox } from './local/local.ts';
import { buildImage, removeImage } from './oci/images.ts';
import { ociSandbox } from './oci/oci.ts';
import type { SandboxOptions } from './options.ts';
import type { Sandbox } from './port.ts';

/** Every adapter, whether this machine can do it or not: ask `available()`. */
export function sandboxes(options: SandboxOptions = {}): { local: Sandbox; oci: Sandbox } {
  return { local: localSandbox(options), oci: ociSandbox(options) };
}

/** What the engine behind `oci` does with images; both throw `missing-part` without one. */
export const containerImages = { buildImage, removeImage: (image: string) => removeImage(image) };

/**
 * The sandbox to use: the one that was asked for, or with `auto` the first that this machine can do, `local` first
 * because it starts quicker. Throws `missing-part` with every reason and the command that mends it.
 */
export async function chooseSandbox(
  preferred: 'local' | 'oci' | 'auto',
  options: SandboxOptions = {},
): Promise<Sandbox> {
  const all = sandboxes(options);
  const candidates = preferred === 'auto' ? [all.local, all.oci] : [all[preferred]];
  const reasons: string[] = [];
  const mends: string[] = [];
  for (const sandbox of candidates) {
    const state = await sandbox.available();
    if (state.ok) return sandbox;
    reasons.push(`${sandbox.level}: ${state.reason}`);
    mends.push(`${sandbox.level}: ${state.mend}`);
  }
  throw new VouchError('missing-part', `no sandbox can be used here: ${reasons.join('; ')}`, {
    hint: mends.join('; '),
  });
}
