import type { FileIntent, Form } from '../../intent.ts';
import { readEslint } from './eslint.ts';
import { readRuff } from './ruff.ts';
import { readSarif } from './sarif.ts';
import { readSemgrep } from './semgrep.ts';

export interface ToolRead {
  form: Form;
  files: FileIntent[];
  problems: string[];
}

/** Fixes in the findings of a tool, by the shape of its output; null for any other value. */
export function readTool(value: unknown): ToolRead | null {
  for (const read of [readSarif, readSemgrep, readRuff, readEslint]) {
    const found = read(value);
    if (found !== null) return found;
  }
  return null;
}
