/**
 * The lines by which picks name the commit that they are of: `git cherry-pick -x`, and the two forms of Linux stable
 * (Documentation/process/stable-kernel-rules.rst).
 */
const PICKS = [
  /^\(?(?:cherry[- ]picked|backported) from (?:commit )?([0-9a-f]{7,64})\)?/i,
  /^\[ *upstream commit:? ([0-9a-f]{7,64}) *\]/i,
  /^commit ([0-9a-f]{7,64}) upstream\.?$/i,
  /^upstream[- ]commit: *([0-9a-f]{7,64})$/i,
];
const REVERT = /^\(?This reverts commit ([0-9a-f]{7,64})\b/i;
const LINE = 300;

/** Ids of the commits that this message says it is a pick of; a pick of a pick names both. */
export function picksIn(body: string): string[] {
  return idsIn(body, PICKS);
}

/** Ids of the commits that this message says it reverts. */
export function revertsIn(body: string): string[] {
  return idsIn(body, [REVERT]);
}

function idsIn(body: string, patterns: readonly RegExp[]): string[] {
  const ids = body.split('\n').flatMap((line) => {
    if (line.length > LINE) return [];
    for (const pattern of patterns) {
      const id = pattern.exec(line.trim())?.[1];
      if (id !== undefined) return [id.toLowerCase()];
    }
    return [];
  });
  return [...new Set(ids)];
}
