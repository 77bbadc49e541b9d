import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { scratchDir } from '../../lib/scratch.ts';
import type { Exit, PreparedSandbox, Sandbox, SandboxSpec } from '../port.ts';

let count = 0;

/** A spec with small limits; `overrides` win. */
export function specOf(tree: string, overrides: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    id: `contract-${++count}`,
    tree,
    argv: ['node', 'main.js'],
    env: {},
    network: 'none',
    limits: { memoryBytes: 256 * 1024 * 1024, processes: 64, cpus: 2 },
    ...overrides,
  };
}

/** A folder with these files, removed after the test. */
export async function treeOf(content: Record<string, string>): Promise<string> {
  const scratch = await scratchDir('contract');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const tree = join(scratch, 'tree');
  await mkdir(tree);
  for (const [path, text] of Object.entries(content)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  return tree;
}

/** Prepared, and destroyed after the test whatever happens. */
export async function prepared(sandbox: Sandbox, spec: SandboxSpec): Promise<PreparedSandbox> {
  const place = await sandbox.prepare(spec);
  onTestFinished(() => place.destroy());
  return place;
}

export interface Ran {
  exit: Exit;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and keeps what it printed (at most 1 MiB each). */
export async function ran(sandbox: Sandbox, spec: SandboxSpec): Promise<Ran> {
  const place = await sandbox.prepare(spec);
  try {
    const program = await place.start();
    const [stdout, stderr, exit] = await Promise.all([
      text(program.stdout),
      text(program.stderr),
      program.exited,
    ]);
    return { exit, stdout, stderr };
  } finally {
    await place.destroy();
  }
}

/** Runs JavaScript that prints one JSON value, and returns the value. */
export async function answer(
  sandbox: Sandbox,
  script: string,
  overrides: Partial<SandboxSpec> = {},
): Promise<unknown> {
  const tree = overrides.tree ?? (await treeOf({ 'main.js': script }));
  const { stdout, stderr, exit } = await ran(sandbox, specOf(tree, overrides));
  if (exit.code !== 0) throw new Error(`the program ended with ${JSON.stringify(exit)}: ${stderr}`);
  return JSON.parse(stdout);
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let kept = '';
  for await (const chunk of stream) if (kept.length < 1024 * 1024) kept += String(chunk);
  return kept;
}

export async function alive(pid: number): Promise<boolean> {
  try {
    return !/^State:\s*Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The first line that the program prints. */
export async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let kept = '';
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      kept += String(chunk);
      const end = kept.indexOf('\n');
      if (end === -1) return;
      stream.off('data', onData);
      stream.resume();
      resolve(kept.slice(0, end));
    };
    stream.on('data', onData);
    stream.on('end', () => reject(new Error(`the program ended without a line: ${kept}`)));
  });
}
