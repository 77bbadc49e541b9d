import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { baseEnvironment, run } from '../../lib/process.ts';
import { scratchDir } from '../../lib/scratch.ts';
import type { FileChange } from '../from-answer.ts';

interface Content {
  bytes: Buffer;
  mode: string;
}
type Files = Map<string, Content>;

/** Nothing that a machine, or an attributes file among the files, says about line ends and filters may change a byte. */
const CONFIG = `[core]
	repositoryformatversion = 0
	bare = false
	filemode = true
	symlinks = true
	ignorecase = false
	autocrlf = false
	safecrlf = false
	attributesFile = /dev/null
	excludesFile = /dev/null
[gc]
	auto = 0
`;
const ATTRIBUTES = '* -text !eol !crlf !filter !ident !working-tree-encoding !whitespace\n';

/**
 * Runs a diff through git in a scratch repository that holds the files before the changes. Null if it applies there,
 * gives exactly the files after the changes, bytes and modes and nothing besides, and cannot change them once more; else
 * a line that says what differs. Throws `missing-part` where there is no git.
 */
export async function gitRefuses(changes: readonly FileChange[], diff: string): Promise<string | null> {
  const before = contents(changes, (change) => [change.from ?? change.path, change.before]);
  const after = contents(changes, (change) => [change.path, change.after]);
  if (diff === '') return difference(before, after);
  const scratch = await scratchDir('git-check');
  try {
    return await check(new Repository(scratch), before, after, diff);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function contents(
  changes: readonly FileChange[],
  side: (change: FileChange) => [string, { text: string; mode: string } | null],
): Files {
  const files: Files = new Map();
  for (const change of changes) {
    const [path, file] = side(change);
    if (file !== null) files.set(path, { bytes: Buffer.from(file.text), mode: file.mode });
  }
  return files;
}

async function check(
  repository: Repository,
  before: Files,
  after: Files,
  diff: string,
): Promise<string | null> {
  await repository.create(before);
  const added = before.size === 0 ? null : await repository.git(['add', '--force', '--all', '.']);
  if (added !== null) return `git cannot hold the files: ${added}`;
  // it checks all of it before it writes a file, so a check of its own would tell nothing more
  const refused = await repository.git(['apply', '--index', '--whitespace=nowarn', '-'], diff);
  if (refused !== null) return `git does not apply the diff: ${refused}`;
  const wrong = difference(await repository.files(), after);
  if (wrong !== null) return `git makes something else of the diff: ${wrong}`;
  if ((await repository.git(['apply', '--whitespace=nowarn', '-'], diff)) !== null) return null;
  const again = difference(await repository.files(), after); // a change of modes alone does apply, and changes nothing
  return again === null ? null : `git applies the diff a second time, and changes more: ${again}`;
}

/** What the first of two sets of files has otherwise than the second. */
function difference(have: Files, want: Files): string | null {
  for (const [path, { bytes, mode }] of want) {
    const file = have.get(path);
    if (file === undefined) return `${path} is not there`;
    if (file.mode !== mode) return `${path} has mode ${file.mode}, not ${mode}`;
    if (!file.bytes.equals(bytes)) return `${path} differs in line ${lineOfDifference(file.bytes, bytes)}`;
  }
  for (const path of have.keys()) if (!want.has(path)) return `${path} is there`;
  return null;
}

function lineOfDifference(one: Buffer, other: Buffer): number {
  let line = 1;
  for (let at = 0; at < one.length && one[at] === other[at]; at++) if (one[at] === 10) line++;
  return line;
}

/** A repository made by hand, beside its files: `git init` would be one more process, and copies hooks. */
class Repository {
  private readonly folder: string;
  private readonly tree: string;

  constructor(scratch: string) {
    this.folder = join(scratch, 'repository');
    this.tree = join(scratch, 'files');
  }

  async create(files: Files): Promise<void> {
    for (const folder of ['objects', 'refs', 'info'])
      await mkdir(join(this.folder, folder), { recursive: true });
    await writeFile(join(this.folder, 'HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(this.folder, 'config'), CONFIG);
    await writeFile(join(this.folder, 'info/attributes'), ATTRIBUTES);
    await mkdir(this.tree);
    for (const [path, { bytes, mode }] of files) {
      const at = join(this.tree, path);
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, bytes, { mode: mode === '100755' ? 0o755 : 0o644 });
    }
  }

  /** Null where git succeeds and finds the modes that the diff names; else what it says of that. */
  async git(argv: readonly string[], input?: string): Promise<string | null> {
    const env = {
      ...baseEnvironment(),
      LC_ALL: 'C',
      GIT_DIR: this.folder,
      GIT_WORK_TREE: this.tree,
      GIT_CEILING_DIRECTORIES: dirname(this.tree),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
    };
    const done = await run(['git', ...argv], { cwd: this.tree, env, ...(input !== undefined && { input }) });
    const said = done.stderr.toString('utf8').split('\n');
    const wrongMode = said.find((line) => /^warning: .* has type \d+, expected \d+$/.test(line));
    if (done.code === 0) return wrongMode ?? null;
    // what it warns of in an attributes file comes first, and is no reason
    const why = said.find((line) => /^(?:error|fatal): /.test(line)) ?? said[0];
    return why?.slice(0, 500) || `status ${done.code ?? done.signal}`;
  }

  async files(): Promise<Files> {
    const files: Files = new Map();
    for (const entry of await readdir(this.tree, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const at = join(entry.parentPath, entry.name);
      const info = await lstat(at);
      const mode = !info.isFile() ? '120000' : (info.mode & 0o100) === 0 ? '100644' : '100755';
      files.set(at.slice(this.tree.length + 1), {
        bytes: info.isFile() ? await readFile(at) : Buffer.alloc(0),
        mode,
      });
    }
    return files;
  }
}
