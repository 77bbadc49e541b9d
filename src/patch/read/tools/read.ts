import type { FileIntent, Form, Range } from '../../intent.ts';

/** What the output of a tool asks for. */
export interface ToolRead {
  form: Form;
  files: FileIntent[];
  problems: string[];
}

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
