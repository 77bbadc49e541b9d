import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { baseEnvironment, run } from '../lib/process.ts';
import { scratchDir } from '../lib/scratch.ts';
import { badPath } from '../lib/tree-path.ts';
import { linesOf } from './diff.ts';
import { readSections, type Hunk, type Section } from './hunks.ts';
import { nearestLines, placesOf } from './nearest.ts';
import { decode, MAX_FILE_BYTES, readTreeFile, type Changes, type TreeFile } from './paths.ts';
import { unquoteName } from './quote.ts';

const MAX_PATCH_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 500;

/** `repairs` names what had to be made good for it to apply: counts, line numbers. Empty for a clean patch. */
export type Applied = { ok: true; changes: Changes; repairs: string[] } | { ok: false; reason: string };

/**
 * Applies a unified diff to a copy of the files that it names and gives the changed files; the tree is only read.
 * Context must match exactly. Wrong hunk counts and line numbers are made good and said, unless the lines fit several
 * places. Refused: paths outside the tree or inside .git, symbolic links, binary files, changes of modes, files over 1 MB.
 */
export async function applyPatch(tree: string, diffText: string): Promise<Applied> {
  if (Buffer.byteLength(diffText) > MAX_PATCH_BYTES)
    return refuse(`the patch is over ${MAX_PATCH_BYTES} bytes`);
  const sections = readSections(diffText);
  if (sections.length === 0)
    return refuse('the patch holds no file header (`diff --git …`, or `--- a/…` and `+++ b/…`)');
  const wrong = refusedHeader(sections);
  if (wrong !== null) return refuse(wrong);
  const strip = await stripLevel(tree, sections);
  const before = new Map<string, TreeFile>();
  for (const path of namesOf(sections, strip)) {
    const read = await readTreeFile(tree, path);
    if ('bad' in read) return refuse(read.bad);
    if (read.file) before.set(path, read.file);
  }
  const scratch = await scratchDir('apply');
  try {
    return await applyIn(
      scratch,
      before,
      sections,
      strip,
      diffText.endsWith('\n') ? diffText : `${diffText}\n`,
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function refuse(reason: string): Applied {
  return { ok: false, reason };
}

function refusedHeader(sections: Section[]): string | null {
  if (sections.length > MAX_FILES) return `the patch names more than ${MAX_FILES} files`;
  for (const section of sections) {
    const name = section.newPath ?? section.oldPath ?? '?';
    for (const line of section.extended) {
      if (/^GIT binary patch|^Binary files .* differ/.test(line)) return `${name}: a binary change`;
      if (/^(?:new file |deleted file |old |new )?mode 1[26]0000/.test(line))
        return `${name}: a symbolic link or a submodule`;
      if (/^(?:old|new) mode /.test(line)) return `${name}: changes the file's mode`;
    }
  }
  return null;
}

/** 1 for `a/` and `b/` prefixes, 0 for diffs without them: what the tree holds decides. */
async function stripLevel(tree: string, sections: Section[]): Promise<0 | 1> {
  const old = sections.map((section) => section.oldPath).filter((path) => path !== null);
  if (sections.every((s) => (s.oldPath?.startsWith('a/') ?? true) && (s.newPath?.startsWith('b/') ?? true)))
    return 1;
  for (const path of old) {
    if (badPath(path) !== null) return 1;
    const read = await readTreeFile(tree, path);
    if (!('file' in read) || read.file === null) return 1;
  }
  return 0;
}

function namesOf(sections: Section[], strip: 0 | 1): Set<string> {
  const names = sections
    .flatMap((section) => [section.oldPath, section.newPath])
    .filter((path) => path !== null);
  return new Set(names.map((name) => (strip === 0 ? name : name.replace(/^[^/]*\//, ''))));
}

async function applyIn(
  scratch: string,
  before: Map<string, TreeFile>,
  sections: Section[],
  strip: 0 | 1,
  diff: string,
): Promise<Applied> {
  const files = join(scratch, 'files');
  await mkdir(files);
  for (const [path, file] of before) {
    await mkdir(dirname(join(files, path)), { recursive: true });
    await writeFile(join(files, path), file.text, { mode: file.mode === '100755' ? 0o755 : 0o644 });
  }
  const tried = await gitApply(scratch, strip, diff);
  if (!tried.ok) return refuse(explain(before, sections, strip, tried.said, diff));
  const repairs = tried.recounted ? ['the line counts of hunks were wrong and were counted again'] : [];
  for (const moved of movedHunks(tried.said)) {
    const lines = linesOf(before.get(moved.path)?.text ?? '');
    const section = sections.find((one) => [...namesOf([one], strip)].includes(moved.path));
    const hunk = section?.hunks[moved.hunk - 1];
    const places = hunk === undefined ? [] : placesOf(lines, hunk.before);
    if (places.length > 1)
      return refuse(
        `${moved.path}: hunk ${moved.hunk} names a wrong line, and its lines fit ${places.length} places ` +
          `(lines ${places.map((at) => at + 1).join(', ')})`,
      );
    repairs.push(`${moved.path}: hunk ${moved.hunk} was found at line ${moved.line}`);
  }
  return collect(files, before, repairs);
}

interface Tried {
  ok: boolean;
  recounted: boolean;
  said: string;
}

async function gitApply(scratch: string, strip: 0 | 1, diff: string): Promise<Tried> {
  const env = {
    ...baseEnvironment(),
    LC_ALL: 'C',
    GIT_CEILING_DIRECTORIES: scratch, // never a repository around the scratch folder
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const argv = ['git', 'apply', '--verbose', '--whitespace=nowarn', `-p${strip}`];
  let said = '';
  for (const extra of [[], ['--recount']]) {
    const done = await run([...argv, ...extra, '-'], { cwd: join(scratch, 'files'), env, input: diff });
    if (done.code === 0) return { ok: true, recounted: extra.length > 0, said: done.stderr.toString('utf8') };
    said += done.stderr.toString('utf8');
  }
  return { ok: false, recounted: false, said };
}

/** What git's `-v` says of hunks that it found elsewhere than at their line. */
function movedHunks(said: string): { path: string; hunk: number; line: number }[] {
  const moved: { path: string; hunk: number; line: number }[] = [];
  let path = '';
  for (const line of said.split('\n')) {
    path = /^Checking patch (.+?)(?: => .+)?\.\.\.$/.exec(line)?.[1] ?? path;
    const hunk = /^Hunk #(\d+) succeeded at (\d+) \(offset -?\d+ lines?\)/.exec(line);
    if (hunk) moved.push({ path: unquoteName(path), hunk: Number(hunk[1]), line: Number(hunk[2]) });
  }
  return moved;
}

async function collect(files: string, before: Map<string, TreeFile>, repairs: string[]): Promise<Applied> {
  const changes: Changes = {};
  const seen = new Set<string>();
  for (const entry of await readdir(files, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const at = join(entry.parentPath, entry.name);
    const path = at.slice(files.length + 1);
    const info = await lstat(at);
    if (!info.isFile()) return refuse(`${path}: would be a symbolic link or a special file`);
    if (info.size > MAX_FILE_BYTES)
      return refuse(`${path}: would be ${info.size} bytes, more than ${MAX_FILE_BYTES}`);
    const text = decode(await readFile(at));
    if (text === null) return refuse(`${path}: would be binary or not UTF-8`);
    if (!before.has(path) && (info.mode & 0o100) !== 0)
      return refuse(`${path}: would be a new executable file`);
    seen.add(path);
    if (before.get(path)?.text !== text) changes[path] = text;
  }
  for (const path of before.keys()) if (!seen.has(path)) changes[path] = null;
  if (Object.keys(changes).length === 0) return refuse('the patch changes nothing');
  return { ok: true, changes, repairs };
}

/** Which file and hunk does not fit, and what the file really has there. */
function explain(
  before: Map<string, TreeFile>,
  sections: Section[],
  strip: 0 | 1,
  said: string,
  diff: string,
): string {
  for (const section of sections) {
    const [path] = [...namesOf([{ ...section, newPath: null }], strip), ...namesOf([section], strip)];
    if (path === undefined) continue;
    const file = before.get(path);
    if (
      file === undefined &&
      section.oldPath !== null &&
      section.hunks.some((hunk) => hunk.before.length > 0)
    )
      return `${path}: no such file in the release`;
    if (file !== undefined && section.oldPath === null)
      return `${path}: is there already, and the patch creates it`;
    const lines = linesOf(file?.text ?? '');
    for (const [i, hunk] of section.hunks.entries()) {
      if (placesOf(lines, hunk.before).length === 0) return notThere(path, file, i + 1, hunk);
    }
  }
  if (diff.includes('\r\n') && ![...before.values()].some((file) => file.text.includes('\r\n')))
    return "the patch's lines end with CR LF, the files' do not";
  const error = said.split('\n').find((line) => line.startsWith('error: '));
  return `the patch does not apply: ${error?.slice(7) ?? said.trim().slice(0, 500)}`;
}

function notThere(path: string, file: TreeFile | undefined, number: number, hunk: Hunk): string {
  const lines = linesOf(file?.text ?? '');
  const head = `${path}: hunk ${number} (${hunk.header.slice(0, 80)}) does not apply`;
  const bare = lines.map((line) => line.replace(/\r$/, ''));
  if (bare.some((line, i) => line !== lines[i]) && placesOf(bare, hunk.before).length > 0)
    return `${head}: the file's lines end with CR LF, the patch's do not`;
  const near = nearestLines(lines, hunk.before);
  return near === ''
    ? `${head}: nothing in the file is like its lines`
    : `${head}. The nearest lines of the file are\n${near}`;
}
