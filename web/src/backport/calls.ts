import type { Letter } from '../../../src/desks/backport/page/data.ts';

export type { Letter };

export const LETTERS: readonly Letter[] = ['n', 'u', 'w', 'y'];
export const WORDS: Readonly<Record<Letter, string>> = { n: 'No', u: 'Uncertain', w: 'Wait', y: 'Yes' };

export function letterOf(text: unknown): Letter | undefined {
  return LETTERS.find((letter) => letter === text);
}
