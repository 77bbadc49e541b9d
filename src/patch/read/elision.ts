/** Longer lines are code, whatever they say. */
const MAX_LENGTH = 200;
const MAX_WORDS = 12;

/** Comment marks of common languages, at the start of a line and at its end. */
const OPENING = /^(?:\{\/\*+|\/\*+|\/\/+|<!--|#+|--+|;+|%+)[ \t]*/;
const CLOSING = /[ \t]*(?:\*+\/\}|\*+\/|-->)$/;
const DOTS = /^(?:\.{3,6}|…)|(?:\.{3,6}|…)$/g;

/** Words that say that something stays or is left out. */
const LEFT_OUT =
  /^(?:rest|remainder|remaining|existing|unchanged|unmodified|untouched|omitted|other|others|same|previous|more|keep|kept|snip|skipped|truncated|original)$/;
/** What may stand beside them; any other word means something else. */
const BESIDE = new Set(
  (
    'a above all and are as be before below body changes class code component config configuration content contents ' +
    'current declarations definitions earlier else elsewhere entries everything fields file files for from function ' +
    'functions goes handlers here identical implementation imports in is it items its like lines logic method methods ' +
    'no not of options properties remain remains routes section settings shown stay stays stuff styles test tests that ' +
    'the there these this unchanged was were with without your'
  ).split(' '),
);
/** Without an ellipsis, a comment must say it outright. */
const OUTRIGHT =
  /^(?:(?:the )?(?:existing|unchanged|remaining|other|previous) (?:code|methods|functions|imports|lines|content|logic|tests)(?: (?:here|above|below))?(?: (?:is |are |stays? |remains? )?(?:unchanged|the same|as before|as is|omitted))?|(?:the )?(?:rest|remainder) of (?:the |this )?(?:code|file|class|function|method|component|implementation|content)(?: (?:is |stays |remains )?(?:unchanged|the same|as before|as is|omitted|here))?|(?:code|same|unchanged) as before|(?:code )?(?:unchanged|omitted))$/;

/**
 * Whether a line stands for lines that are left out: an ellipsis alone, with or without a comment mark and words such
 * as "existing code", or a comment that plainly says that code stays as it is. `...args` and the like are code.
 * Python's `...` and a comment that is really there look the same, so whoever asks tries the line as it is first.
 */
export function isElision(line: string): boolean {
  if (line.length > MAX_LENGTH) return false;
  const trimmed = line.trim();
  const mark = OPENING.exec(trimmed)?.[0] ?? '';
  const inner = trimmed.slice(mark.length).replace(CLOSING, '');
  const text = /^\[.*\]$|^\(.*\)$/.test(inner) ? inner.slice(1, -1).trim() : inner;
  const said = text.replace(DOTS, '');
  const words = said.toLowerCase().match(/[^\s,:;.()[\]]+/g) ?? [];
  if (said === text) return mark !== '' && OUTRIGHT.test(words.join(' '));
  if (words.length === 0) return said.trim() === '';
  if (words.length > MAX_WORDS) return false;
  // `...rest` is code, also where it is commented out.
  if (words.length === 1 && (mark === '' || !/^\s|\s$/.test(said))) return false;
  if (!words.some((word) => LEFT_OUT.test(word)) && words.join(' ') !== 'code') return false;
  const namesTheRest = mark !== '' && /^(?:the )?(?:rest|remainder) of /.test(words.join(' '));
  return namesTheRest || words.every((word) => LEFT_OUT.test(word) || BESIDE.has(word));
}
