/** What an answer says beside its edits. Untrusted: one line each, cut. */
export interface Said {
  cause: string | null;
  title: string | null;
  kind: 'root-cause' | 'mitigation';
  /** The model's reason why there is nothing to change. */
  noFix: string | null;
}

export function readSaid(answer: string): Said {
  const prose = answer.split(/^\s*<{5,9}\s*SEARCH/m, 1)[0]!.slice(0, 8000);
  const noFix = /^[\s*#`]*NO FIX\b[:\s*]*(.*)$/im.exec(prose);
  const hasEdits = /^\s*<{5,9}\s*SEARCH/m.test(answer);
  return {
    cause: line(prose, 'CAUSE', 400),
    title: line(prose, 'TITLE', 100),
    kind: /mitigat/i.test(line(prose, 'KIND', 40) ?? '') ? 'mitigation' : 'root-cause',
    noFix: noFix && !hasEdits ? clean(noFix[1] ?? '', 400) || 'no reason given' : null,
  };
}

function line(prose: string, name: string, most: number): string | null {
  const found = new RegExp(`^[\\s*#\`-]*${name}[\\s*\`]*:[\\s*\`]*(.+)$`, 'im').exec(prose)?.[1];
  const text = found === undefined ? '' : clean(found, most);
  return text === '' ? null : text;
}

function clean(text: string, most: number): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/g, ' ')
    .replace(/[\s*`]+$/, '')
    .trim()
    .slice(0, most);
}
