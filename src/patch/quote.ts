/**
 * File names in git diffs: as they are, or in C's quoting when they hold quotes, backslashes, control characters or
 * bytes outside ASCII (git's `core.quotePath`).
 */
const ESCAPES: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };
const LETTERS = new Map(Object.entries(ESCAPES).map(([letter, byte]) => [byte, letter]));

export function quoteName(name: string): string {
  let quoted = '';
  let needed = false;
  for (const byte of Buffer.from(name)) {
    const letter = LETTERS.get(byte);
    const plain = letter === undefined && byte >= 0x20 && byte < 0x7f;
    if (!plain) needed = true;
    if (plain) quoted += String.fromCharCode(byte);
    else quoted += letter === undefined ? `\\${byte.toString(8).padStart(3, '0')}` : `\\${letter}`;
  }
  return needed ? `"${quoted}"` : name;
}

/** The name that a quoted one stands for; anything else comes back as it is. */
export function unquoteName(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  const bytes: number[] = [];
  const inner = Buffer.from(text.slice(1, -1));
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] !== 92 || i + 1 >= inner.length) {
      bytes.push(inner[i]!);
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(inner.subarray(i + 1, i + 4).toString('latin1'))?.[0];
    if (octal !== undefined) {
      bytes.push(Number.parseInt(octal, 8));
      i += 3;
    } else {
      const letter = String.fromCharCode(inner[i + 1]!);
      bytes.push(ESCAPES[letter] ?? inner[i + 1]!);
      i += 1;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
