import type { z } from 'zod';
import type { FileIntent, Form, Range } from '../../intent.ts';

/** What the output of a tool asks for. */
export interface ToolRead {
  form: Form;
  files: FileIntent[];
  problems: string[];
}

/** Nobody looks through more findings. */
export const MAX_FINDINGS = 10_000;

/** The ranges of each file, by its name as the tool gives it. */
export function rangesIn(files: ReadonlyMap<string, Range[]>): FileIntent[] {
  return [...files].map(([path, ranges]) => ({
    label: path,
    repairs: [],
    action: 'ranges',
    paths: [path],
    ranges,
  }));
}

export function addRange(files: Map<string, Range[]>, path: string, range: Range): void {
  const ranges = files.get(path);
  if (ranges === undefined) files.set(path, [range]);
  else ranges.push(range);
}

/** A tool's output that is not as the tool prints it. It must not be taken for edits, which have members of the same names. */
export function unlike(form: Form, tool: string, error: z.ZodError): ToolRead {
  const [issue] = error.issues;
  const where = issue === undefined ? '' : `: ${issue.path.join('.')}: ${issue.message}`;
  return { form, files: [], problems: [`the output of ${tool} is not as it prints it${where}`] };
}

export function tooMany(form: Form): ToolRead {
  return { form, files: [], problems: [`more than ${MAX_FINDINGS} findings`] };
}

export const NO_FIX = 'no finding carries a fix';

/** Whether a value is an object that has all of these members. */
export function has(value: unknown, ...keys: readonly string[]): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));
}
