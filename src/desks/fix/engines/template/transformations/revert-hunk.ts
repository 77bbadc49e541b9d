import { hunksOf, type Hunk } from '../../../locate/locate.ts';
import { type Edit } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** The last change to the lines of the stack brought the error: take its hunk back (SapFix's last resort). */
export const revertHunk: Transformation = {
  name: 'revert-hunk',
  kind: 'mitigation',
  applies: (site) => site.location.depth === 0 && site.incident.context.suspect !== null,
  propose(site) {
    const suspect = site.incident.context.suspect!;
    const hunks = hunksOf(suspect.diff);
    const found: Proposal[] = [];
    const all: Edit[] = [];
    for (const hunk of hunks.slice(0, 12)) {
      const edit = reverted(site, hunk);
      if (edit === undefined) continue;
      all.push(edit);
      const near = site.incident.locations.some(
        (each) =>
          each.source === edit.source &&
          each.line >= hunk.start &&
          each.line < hunk.start + hunk.after.length,
      );
      found.push({
        edits: [edit],
        title: `Take back a part of "${subjectOf(suspect.subject)}"`,
        why: `commit ${suspect.sha.slice(0, 10)} changed these lines last before the error first occurred`,
        weight: near ? 0.45 : 0.3,
      });
    }
    if (all.length > 1 && all.length === hunks.length) {
      found.push({
        edits: all,
        title: `Revert "${subjectOf(suspect.subject)}"`,
        why: `commit ${suspect.sha.slice(0, 10)} was the last change to the lines of the stack before the error first occurred`,
        weight: 0.38,
      });
    }
    return found.sort((a, b) => b.weight - a.weight);
  },
};

function subjectOf(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 60);
}

/** The hunk's new lines, found in the file as it is, replaced by the old ones; undefined if they are not there once. */
function reverted(site: Site, hunk: Hunk): Edit | undefined {
  const source = site.tree.source(hunk.file);
  if (source === undefined) return undefined;
  const join = (lines: string[]): string => lines.join('\n');
  const text = source.text;
  const wanted = join(hunk.after);
  const at = text.startsWith(wanted, source.lineStart(hunk.start))
    ? source.lineStart(hunk.start)
    : text.indexOf(wanted);
  if (wanted === '' || at < 0 || (at !== source.lineStart(hunk.start) && text.includes(wanted, at + 1)))
    return undefined;
  return { source, start: at, end: at + wanted.length, text: join(hunk.before) };
}
