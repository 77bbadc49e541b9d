import type { Reading, Said } from './read-message.ts';

/** The numbers of a version or of a branch's name: `v2.4`, `stable-3.0`, `linux-6.1.y`. Null when it has none. */
function versionOf(name: string): number[] | null {
  const match = /(\d{1,4})\.(\d{1,4})/.exec(name);
  return match ? [Number(match[1]), Number(match[2])] : null;
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]! || a[1]! - b[1]!;
}

/** What a message says of one branch: it is meant, all are, only later ones are, or no branch is named. */
export type Cover = 'named' | 'everywhere' | 'later-only' | 'unnamed';

/** From the sentences that ask; fixes go to every maintained branch from the lowest named one on. */
export function coverOf(reading: Reading, branch: string): Cover {
  const asking = reading.said.filter(({ call }) => call === 'asks' || call === 'may');
  if (asking.some(({ everywhere, versions }) => everywhere && versions.length === 0)) return 'everywhere';
  const lowest = lowestOf(asking);
  const own = versionOf(branch);
  if (lowest === null || own === null)
    return asking.some(({ everywhere }) => everywhere) ? 'everywhere' : 'unnamed';
  return compareVersions(lowest, own) <= 0 ? 'named' : 'later-only';
}

function lowestOf(said: readonly Said[]): number[] | null {
  const versions = said.flatMap((one) => one.versions.map(versionOf)).filter((one) => one !== null);
  return versions.toSorted(compareVersions)[0] ?? null;
}

/** Whether another of the branches is newer; branches without a version are all as new. */
export function isOlder(branch: string, branches: readonly string[]): boolean {
  const own = versionOf(branch);
  return (
    own !== null &&
    branches.some((other) => {
      const version = versionOf(other);
      return version !== null && compareVersions(version, own) > 0;
    })
  );
}
