import { parseBounded } from '../../../../patch/parser.ts';
import type { Proposal, Site } from './site.ts';

/**
 * Producers before consumers, what the recording or the code proves before what is only usual, places near the throw before
 * places far from it, small edits before large ones.
 */
export function rankOf(proposal: Proposal, kind: 'root-cause' | 'mitigation', site: Site): number {
  const size = proposal.edits.reduce((sum, edit) => sum + edit.text.length + (edit.end - edit.start), 0);
  const far = (site.location.by === 'stack' ? 0 : site.location.searched ? 3 : 10) + site.location.depth * 4;
  return (
    Math.round(
      (proposal.weight * 100 + (kind === 'root-cause' ? 15 : 0) - far - Math.min(12, size / 60)) * 100,
    ) / 100
  );
}

/** The text without comments and white space that means nothing, so that equal changes are equal. */
export function normalised(file: string, text: string): string {
  const parsed = parseBounded(file, text, { lang: /\.[cm]?ts$/.test(file) ? 'ts' : 'tsx' });
  const comments = 'tooDeep' in parsed ? [] : parsed.comments;
  let bare = '';
  let at = 0;
  for (const comment of comments) {
    bare += text.slice(at, comment.start);
    at = comment.end;
  }
  bare += text.slice(at);
  return bare.replace(/\s+/g, ' ').replace(/ ?([{}()[\];,]) ?/g, '$1');
}
