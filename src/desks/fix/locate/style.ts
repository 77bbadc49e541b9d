/** How a file is written, so that what is put into it looks the same. */
export interface Style {
  quote: "'" | '"';
  semicolon: ';' | '';
  /** One step of indentation. */
  indent: string;
  newline: '\n' | '\r\n';
}

export function styleOf(text: string): Style {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const ended = count(/;[ \t]*\r?$/gm);
  const open = count(/^[ \t]*(?:const|let|var|return|import|await|throw)\b[^\n]*[\w)'"`\]][ \t]*\r?$/gm);
  const steps = new Map<string, number>();
  let before = '';
  for (const line of text.split('\n', 2000)) {
    if (line.trim() === '') continue;
    const indent = /^[ \t]*/.exec(line)![0];
    if (indent.length > before.length && indent.startsWith(before)) {
      const step = indent.slice(before.length);
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    before = indent;
  }
  const indent = [...steps].sort((a, b) => b[1] - a[1])[0]?.[0];
  return {
    quote: count(/"/g) > count(/'/g) ? '"' : "'",
    semicolon: open > ended ? '' : ';',
    indent: indent !== undefined && indent.length <= 8 ? indent : '  ',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
