import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/**
 * For the environment of a process of ours: where compiled code is kept, if this process uses such a cache. The other
 * then starts in a third of the time and without the compiler's 20 MB.
 */
export function compileCache(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
