import { LETTERS, type Letter } from './calls.ts';

/** Shell arrays of ids, one a call: `cid_y=( 7dab3e82 456ba6e9 )`. Ids are hex digits and need no quotes. */
export function shellArrays(ids: Readonly<Record<Letter, readonly string[]>>): string {
  return LETTERS.map((letter) => `cid_${letter}=( ${ids[letter].map((id) => `${id} `).join('')})`).join(
    '\n\n',
  );
}

export const CHERRY_PICK = 'git cherry-pick -sx ${cid_y[@]}';
