import { tmpdir } from 'node:os';

export interface SandboxOptions {
  /** Where scratch folders (the built root, changed files) are made. Default: the system's temporary folder. */
  stateFolder?: string;
  /** The Node.js binary that programs find as `node`. Default: the one that runs us. */
  node?: string;
}

export interface ResolvedOptions {
  stateFolder: string;
  node: string;
}

export function resolveOptions(options: SandboxOptions): ResolvedOptions {
  return { stateFolder: options.stateFolder ?? tmpdir(), node: options.node ?? process.execPath };
}
