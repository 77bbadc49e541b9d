import { z } from 'zod';
import type { FileIntent, Range } from '../../intent.ts';
import type { ToolRead } from './read.ts';
import { OUTSIDE } from './columns.ts';

/** `eslint --format json`: https://eslint.org/docs/latest/use/formatters/#json */
const schema = z.array(
  z.object({
    filePath: z.string(),
    source: z.string().optional(),
    messages: z.array(
      z.object({
        ruleId: z.string().nullish(),
        line: z.number().optional(),
        fix: z.object({ range: z.tuple([z.number().int(), z.number().int()]), text: z.string() }).nullish(),
      }),
    ),
  }),
);

export function readEslint(value: unknown): ToolRead | null {
  const parsed = schema.safeParse(value);
  if (!parsed.success || parsed.data.length === 0) return null;
  const files: FileIntent[] = [];
  for (const { filePath, source, messages } of parsed.data) {
    const ranges = messages.flatMap(({ ruleId, line, fix }): Range[] => {
      if (!fix) return [];
      const label = `ESLint ${ruleId ?? 'finding'} at line ${line ?? '?'}`;
      const seen = source === undefined ? {} : { seen: source };
      return [{ label, text: fix.text, locate: (text) => located(text, fix.range), ...seen }];
    });
    if (ranges.length > 0)
      files.push({ label: filePath, repairs: [], action: 'ranges', paths: [filePath], ranges });
  }
  return { form: 'eslint', files, problems: files.length === 0 ? ['no finding carries a fix'] : [] };
}

/** UTF-16 code units of the text without its byte order mark, which only a range from -1 includes. */
function located(
  text: string,
  [start, end]: readonly [number, number],
): { start: number; end: number } | { refusal: string } {
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  if (start > end || start < -mark || end + mark > text.length) return OUTSIDE;
  return { start: start + mark, end: end + mark };
}
