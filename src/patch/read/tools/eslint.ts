import { z } from 'zod';
import type { FileIntent, Range } from '../../intent.ts';
import { insideLetter, OUTSIDE } from './columns.ts';
import { has, MAX_FINDINGS, NO_FIX, tooMany, unlike, type ToolRead } from './read.ts';

/** `eslint --format json`: https://eslint.org/docs/latest/use/formatters/#json */
const schema = z.array(
  z.object({
    filePath: z.string(),
    source: z.string().optional(),
    output: z.string().optional(),
    messages: z.array(
      z.object({
        ruleId: z.string().nullish(),
        line: z.number().nullish(),
        fix: z.object({ range: z.tuple([z.number().int(), z.number().int()]), text: z.string() }).nullish(),
      }),
    ),
  }),
);

export function readEslint(value: unknown): ToolRead | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  if (!value.every((one) => has(one, 'filePath', 'messages'))) return null;
  const parsed = schema.safeParse(value);
  if (!parsed.success) return unlike('eslint', 'ESLint', parsed.error);
  if (parsed.data.reduce((sum, { messages }) => sum + messages.length, 0) > MAX_FINDINGS)
    return tooMany('eslint');
  const files: FileIntent[] = [];
  const problems: string[] = [];
  for (const { filePath, source, output, messages } of parsed.data) {
    const ranges = messages.flatMap(({ ruleId, line, fix }): Range[] => {
      if (!fix) return [];
      const label = `ESLint ${ruleId ?? 'finding'} at line ${line ?? '?'}`;
      const seen = source === undefined ? {} : { seen: source };
      return [{ label, text: fix.text, locate: (text) => located(text, fix.range), ...seen }];
    });
    const file = { label: filePath, repairs: [], paths: [filePath] };
    // It ran with --fix: what it made of the file, to which the places of what is left refer.
    if (output !== undefined) {
      if (ranges.length > 0) problems.push(`${filePath}: has fixes left after --fix; run it again`);
      files.push({ ...file, action: 'whole', text: output, literal: true, cut: false });
    } else if (ranges.length > 0) files.push({ ...file, action: 'ranges', ranges });
  }
  if (files.length === 0) problems.push(NO_FIX);
  return { form: 'eslint', files, problems };
}

/** UTF-16 code units of the text without its byte order mark, which only a range from -1 includes. */
function located(
  text: string,
  [from, to]: readonly [number, number],
): { start: number; end: number } | { refusal: string } {
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  const [start, end] = [from + mark, to + mark];
  if (start > end || start < 0 || end > text.length) return OUTSIDE;
  return insideLetter(text, start) || insideLetter(text, end) ? OUTSIDE : { start, end };
}
