/** What an answer says beside its edits. Untrusted: one line each, cut. */
export interface Said {
  cause: string | null;
  title: string | null;
  kind: 'root-cause' | 'mitigation';
  /** The model's reason why there is nothing to change. */
  noFix: string | null;
}

/** Where a block or a diff begins: what stands below is code. */
const EDITS = /^[ \t]*(?:<{5,9}[ \t]*SEARCH|diff --git |--- [^\s-]|@@ -)/m;

export function readSaid(answer: string): Said {
  const edits = answer.search(EDITS);
  // What was said last before the edits is about them.
  const prose = edits === -1 ? answer.slice(0, 8000) : answer.slice(Math.max(0, edits - 8000), edits);
  const noFix = /^[\s*#`]*NO FIX\b[:\s*]*(.*)$/im.exec(prose);
  return {
    cause: line(prose, 'CAUSE', 400),
    title: line(prose, 'TITLE', 100),
    kind: /mitigat/i.test(line(prose, 'KIND', 40) ?? '') ? 'mitigation' : 'root-cause',
    noFix: noFix && edits === -1 ? clean(noFix[1] ?? '', 400) || 'no reason given' : null,
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
