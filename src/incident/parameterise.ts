/**
 * Takes out of a message what differs between two occurrences of the same fault: ids, numbers, dates, quoted data,
 * addresses, paths. What is left is the sentence that the code holds. Bounded: looks at the first 1,000 characters.
 */
export function parameterise(message: string): string {
  const kept: string[] = [];
  let text = message.slice(0, 1000).replace(V8_PROPERTY, (_whole, verb: string, name: string) => {
    kept.push(`(${verb} ${name})`);
    return `\u0000${String.fromCharCode(0xe000 + kept.length - 1)}\u0000`;
  });
  for (const [pattern, name] of PATTERNS) text = text.replace(pattern, name);
  return text
    .replace(
      /\u0000([\ue000-\uf8ff])\u0000/g,
      (_whole, mark: string) => kept[mark.charCodeAt(0) - 0xe000] ?? '',
    )
    .replace(/\s+/g, ' ')
    .trim();
}

/** `(reading 'total')` names a property that the source names: code, not data, and it tells two faults apart. */
const V8_PROPERTY = /\((reading|setting) '([A-Za-z_$][A-Za-z_$]*)'\)/g;

/** In this order: the more particular form first. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s'"`)>\]]+/gi, '<url>'],
  [/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, '<email>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b/g, '<date>'],
  [/\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b/g, '<date>'],
  [/"(?:[^"\\]|\\.){0,400}"/g, '<text>'],
  [/`(?:[^`\\]|\\.){0,400}`/g, '<text>'],
  // An apostrophe inside a word (`can't`) opens nothing.
  [/(?<![\p{L}\d])'(?:[^'\\]|\\.){0,400}'(?!\p{L})/gu, '<text>'],
  [/(?:\b[A-Za-z]:|(?<=^|[\s(=,:]))[/\\](?:[\w.@~+-]+[/\\])+[\w.@~+-]*/g, '<path>'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, '<address>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b/gi, '<hex>'],
  [/\b(?=[\w-]*\d)[A-Za-z]{2,}[-_](?:[\w]+[-_])*[\w]*\d[\w-]*\b/g, '<id>'],
  [/(?<![\w<])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?=\b|ms|s\b|[kKMG]?B)/g, '<n>'],
  [/\b(?=[A-Za-z]*\d)[A-Za-z0-9]{6,}\b/g, '<id>'],
];
