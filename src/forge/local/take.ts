import { join } from 'node:path';
import { failed, SERIES, withSeries, type Series } from '../scratch-repository.ts';

/**
 * Brings the objects of a series into the bare repository, where git checks each against its name and that none lacks.
 * No ref is moved: killed in the middle, it leaves objects that `git gc` removes.
 */
export async function takeSeries(repository: string, series: Series): Promise<void> {
  await withSeries({ ...series, moreObjects: join(repository, 'objects') }, async ({ folder, git }) => {
    const done = await git(
      [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--no-recurse-submodules',
        '--',
        folder,
        SERIES,
      ],
      { GIT_DIR: repository },
    );
    if (done.code !== 0) throw failed(series, done);
  });
}
