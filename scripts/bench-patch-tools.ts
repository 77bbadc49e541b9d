import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { baseEnvironment, run } from '../src/lib/process.ts';
import type { Case } from '../test/corpus/patch/cases.ts';
import { judge, play, sameFiles, type Result } from '../test/corpus/patch/play.ts';
import type { Tally } from './bench-patch.ts';

/** What people use instead, with the options that forgive most. */
const TOOLS: Record<string, string[]> = {
  'git apply': ['git', 'apply', '--whitespace=nowarn', '../answer.diff'],
  'git apply --recount': ['git', 'apply', '--recount', '--whitespace=nowarn', '../answer.diff'],
  'patch -p1 -F3': [
    'patch',
    '-p1',
    '-F3',
    '--batch',
    '--silent',
    '--no-backup-if-mismatch',
    '--reject-file=-',
    '-i',
    '../answer.diff',
  ],
};

/** Ours and theirs on the same diffs. A tool that fails has refused, whatever it left behind. */
export async function compareTools(cases: readonly Case[]): Promise<Record<string, Tally>> {
  const tallies: Record<string, Tally> = {};
  const count = (name: string, result: Result, one: Case): void => {
    const tally = (tallies[name] ??= { exact: 0, wrong: 0, refused: 0, open: 0 });
    tally[result]++;
    if (result === 'refused' && !one.recoverable) tally.open++;
  };
  const scratch = await mkdtemp(join(tmpdir(), 'bench-patch-'));
  try {
    for (const one of cases) {
      count('vouch', (await play(one)).result, one);
      for (const [name, argv] of Object.entries(TOOLS)) count(name, await runTool(scratch, argv, one), one);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return tallies;
}

async function runTool(scratch: string, argv: readonly string[], one: Case): Promise<Result> {
  const tree = join(scratch, 'tree');
  await rm(tree, { recursive: true, force: true });
  await mkdir(tree);
  for (const [path, text] of one.before) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  await writeFile(join(scratch, 'answer.diff'), one.answer);
  const env = {
    ...baseEnvironment(),
    LC_ALL: 'C',
    GIT_CEILING_DIRECTORIES: scratch,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const done = await run([...argv], { cwd: tree, env, timeoutMs: 20_000 });
  if (done.code !== 0) return 'refused';
  const files = await filesIn(tree);
  // A tool that found nothing to do in the text has refused it too.
  return sameFiles(files, one.before) && !sameFiles(one.before, one.after) ? 'refused' : judge(one, files);
}

async function filesIn(tree: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const at = join(entry.parentPath, entry.name);
    files.set(at.slice(tree.length + 1), await readFile(at, 'utf8'));
  }
  return files;
}
