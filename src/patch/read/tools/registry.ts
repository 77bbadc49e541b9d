import { readEslint } from './eslint.ts';
import { readRuff } from './ruff.ts';
import { readSarif } from './sarif.ts';
import { readSemgrep } from './semgrep.ts';
import type { ToolRead } from './read.ts';

/** Fixes in the findings of a tool, by the shape of its output; null for any other value. */
export function readTool(value: unknown): ToolRead | null {
  for (const read of [readSarif, readSemgrep, readRuff, readEslint]) {
    const found = read(value);
    if (found !== null) return found;
  }
  return null;
}
