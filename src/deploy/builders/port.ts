import type { Sandbox } from '../../sandbox/port.ts';
import type { AppSettings, Launch } from '../model.ts';
import type { ImageBuilder } from '../ports.ts';

export interface BuildRequest {
  app: string;
  /** Id of the release. */
  release: string;
  settings: AppSettings;
  /** Holds the files of the commit; the builder adds to it. Becomes the release's tree. */
  tree: string;
  /** Shared by all builds. */
  cache: string;
  sandbox: Sandbox;
  images: ImageBuilder | undefined;
  /** Version of the Node.js that apps run on, such as `24.21.0`. */
  nodeVersion: string;
  /** To the pusher. */
  print: (line: string) => void;
}

export interface Builder {
  readonly name: 'node' | 'dockerfile';
  /** Whether this tree is for it. */
  detect(tree: string): Promise<boolean>;
  /** Throws a `VouchError` that says why it cannot be built. */
  build(request: BuildRequest): Promise<Launch>;
}
