import { openHistory, triageHistory, type Effects, type Opened } from '../desks/backport/desk.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import { cyclesOf, readCycles, type Cycle } from '../eval/backport-data.ts';
import { evalBackport, scoreVerdicts, type BackportReport } from '../eval/backport.ts';
import { scorePicks, type PicksScore } from '../eval/picks.ts';
import { reliabilitySvg } from '../eval/reliability.ts';
import { VouchError } from '../lib/errors.ts';
import { writeFileAtomic } from '../lib/files.ts';
import { scratchDir } from '../lib/scratch.ts';
import { rm } from 'node:fs/promises';
import { openStore } from '../store/store.ts';
import { projectFor, sayBad } from './backport-triage.ts';
import type { EvalBackportOptions } from './commands/eval.ts';
import type { Session } from './session.ts';
import { showBackportReport } from './show/eval-backport.ts';
import { plain } from './style.ts';

/** Exit status 2 when lines of the file could not be read: the numbers are those of the others. */
export async function runEvalBackport(session: Session, options: EvalBackportOptions): Promise<void> {
  const { report, picks } =
    options.repo === undefined ? await ofFile(session, options) : await ofRepository(session, options);
  if (options.plot !== undefined) {
    const title = `Backports told for ${report.cycles.join(', ')}`;
    await writeFileAtomic(options.plot, reliabilitySvg(report.calibration, title));
    session.progress(`${plain(options.plot)}: the reliability of what was said`);
  }
  session.answer({ ...report, picks }, () => showBackportReport(report, picks));
}

interface Measured {
  report: BackportReport;
  /** How well tries tell which picks take hands; null without a repository. */
  picks: PicksScore[] | null;
}

async function ofFile(session: Session, options: EvalBackportOptions): Promise<Measured> {
  if (options.commits === undefined)
    throw new VouchError('usage', 'nothing to measure on', {
      hint: 'give --commits FILE.jsonl with labels, or --repo DIR --range A..B --onto BRANCH',
    });
  const { cycles, bad } = await readCycles(options.commits, session.signal);
  sayBad(session, options.commits, bad);
  if (bad.length > 0) session.exit(2);
  const project = await projectFor(
    session,
    options.rules,
    cycles.flatMap(({ commits }) => commits),
  );
  return { report: evalBackport(project, cycles, options, Date.now()), picks: null };
}

/** What each branch has of the range is what was really picked; the rules see nothing of it. */
async function ofRepository(session: Session, options: EvalBackportOptions): Promise<Measured> {
  const { repo, range, onto } = options;
  if (repo === undefined || range === undefined || onto === undefined || options.commits !== undefined)
    throw new VouchError('usage', '--repo: needs --range and --onto, and no --commits');
  const store = await openStore(session.folder);
  const folder = await scratchDir('eval-backport');
  try {
    const effects: Effects = {
      cache: storedCache(store),
      folder,
      signal: session.signal,
      onProgress: (line) => session.progress(plain(line)),
    };
    const opened = await openHistory(repo, range, [...new Set(onto)], effects);
    const project = await projectFor(session, options.rules, opened.commits);
    const verdicts = await triageHistory(project, opened, {
      now: Date.now(),
      past: [],
      signal: session.signal,
    });
    return {
      report: scoreVerdicts(project, cyclesOfBranches(opened), verdicts),
      picks: await scorePicks(opened, effects),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await store.close();
  }
}

function cyclesOfBranches({ commits, branches }: Opened): Cycle[] {
  return cyclesOf(
    commits,
    branches.map(({ name, on }) => ({ name, has: ({ sha }) => on.already.has(sha) })),
  );
}
