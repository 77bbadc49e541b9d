import type { History } from './history.ts';
import type { Asked } from './surroundings.ts';

const DAY_MS = 86_400_000;
/** Neighbours on each side that tell how much is picked at that time. */
const NEAR = 25;
const FAR = 100;
/** A cycle is no longer; a history may be. */
const MOST_DAYS = 250;
/** What is usual, so that a weight says how far a commit is from it. */
const USUAL = { wanted: 0.25, told: 0.35, days: 90 };
/** Of a file that few others touch little is known. */
const PRIOR = { wanted: 0.6, count: 3 };

/**
 * How picks go at the time of a commit and in its files, by what messages ask for: in a calm time few commits that say nothing
 * are picked, in the weeks after a release many are, and later the branches have grown apart.
 */
export function courseOf(history: History, asked: readonly Asked[]): Map<string, number>[] {
  const wanted = asked.map((one) => one === 'asks' || one === 'may');
  const upTo = [0];
  for (const one of wanted) upTo.push(upTo.at(-1)! + (one ? 1 : 0));
  const shareAround = (at: number, reach: number): number => {
    const [from, to] = [Math.max(0, at - reach), Math.min(wanted.length, at + reach + 1)];
    return (upTo[to]! - upTo[from]!) / (to - from);
  };
  const told = asked.filter((one) => one !== 'silent').length / (asked.length || 1);
  const files = fileCourse(history, asked, wanted);
  return history.times.map((time, at) => {
    const days = Math.min((time - history.times[0]!) / DAY_MS, MOST_DAYS);
    return new Map([
      ['wanted-near', shareAround(at, NEAR) - USUAL.wanted],
      ['wanted-around', shareAround(at, FAR) - USUAL.wanted],
      ['history-told', told - USUAL.told],
      ['days', (days - USUAL.days) / 200],
      ['days-log', (Math.log1p(days) - Math.log1p(USUAL.days)) / 3],
      ...files[at]!,
    ]);
  });
}

/** Of each file's other commits, how many are wanted or declined; and whether the next one is wanted. */
function fileCourse(
  { commits, kinship: { touching } }: History,
  asked: readonly Asked[],
  wanted: readonly boolean[],
): [string, number][][] {
  const totals = new Map(
    [...touching].map(([path, places]) => [
      path,
      {
        places,
        wanted: places.filter((by) => wanted[by]).length,
        declined: places.filter((by) => asked[by] === 'declines').length,
        passed: 0,
      },
    ]),
  );
  return commits.map(({ files }, at) => {
    const paths = new Set(files.map(({ path }) => path).filter((path) => totals.has(path)));
    let [sum, most, declined, next, count] = [0, 0, 0, 0, 0];
    for (const path of paths) {
      const file = totals.get(path)!;
      if (file.places[file.passed] !== at) continue;
      file.passed++;
      count++;
      const others = file.places.length - 1 + PRIOR.count;
      const share = (file.wanted - (wanted[at] ? 1 : 0) + PRIOR.wanted) / others;
      sum += share;
      most = Math.max(most, share);
      declined = Math.max(declined, (file.declined - (asked[at] === 'declines' ? 1 : 0)) / others);
      const following = file.places[file.passed];
      if (following !== undefined && wanted[following]) next++;
    }
    if (count === 0) return [];
    return [
      ['files-wanted', (2 * sum) / count],
      ['file-wanted-most', 2 * most],
      ['file-declined-most', 2 * declined],
      ['next-touch-wanted', next / count],
    ];
  });
}
