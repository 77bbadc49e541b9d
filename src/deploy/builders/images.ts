import { VouchError } from '../../lib/errors.ts';
import { lineSplitter } from '../../lib/lines.ts';
import type { Limits, Sandbox } from '../../sandbox/port.ts';
import type { ImageBuilder } from '../ports.ts';

const LIMITS: Limits = { memoryBytes: 2 * 1024 ** 3, processes: 512, cpus: 2 };
/** Of one line; progress bars are longer. */
const MAX_LINE_BYTES = 4096;

/** What a container engine can do for us; `buildImage` and `removeImage` of the `oci` sandbox have this form. */
export interface EngineFunctions {
  buildImage(request: {
    context: string;
    tag: string;
    network: 'host';
    limits: Limits;
    timeoutMs: number;
    onOutput: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  }): Promise<{ image: string }>;
  removeImage(image: string): Promise<void>;
}

/** Builds and runs images with the engine behind this sandbox. */
export function imagesOf(sandbox: Sandbox, engine: EngineFunctions): ImageBuilder {
  return {
    sandbox,
    available: () => sandbox.available(),
    async build({ tree, tag, onOutput, timeoutMs }) {
      const splitters = {
        stdout: lineSplitter(onOutput, MAX_LINE_BYTES),
        stderr: lineSplitter(onOutput, MAX_LINE_BYTES),
      };
      try {
        const built = await engine.buildImage({
          context: tree,
          tag: `localhost/vouch-${tag}`,
          // Its steps install packages.
          network: 'host',
          limits: LIMITS,
          timeoutMs,
          onOutput: (chunk, stream) => splitters[stream].push(chunk),
        });
        return built.image;
      } finally {
        splitters.stdout.end();
        splitters.stderr.end();
      }
    },
    async remove(image) {
      try {
        await engine.removeImage(image);
      } catch (error) {
        // Another release of the same content uses it, or a container that is just ending.
        if (!(error instanceof VouchError && error.code === 'conflict')) throw error;
      }
    },
  };
}
