/**
 * Splits a byte stream into lines of at most `maxBytes`; a longer one is handed on cut, and the rest of it dropped.
 * Returns a function to feed with chunks and one to call at the end.
 */
export function lineSplitter(
  onLine: (line: string) => void,
  maxBytes = 256 * 1024,
): { push: (chunk: Uint8Array) => void; end: () => void } {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (bytes: Buffer): void => {
    const room = maxBytes - size;
    if (room > 0) parts.push(bytes.subarray(0, room));
    size += Math.min(bytes.length, Math.max(room, 0));
  };
  const flush = (): void => {
    const line = Buffer.concat(parts).toString('utf8');
    parts = [];
    size = 0;
    onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let start = 0;
      for (let at = bytes.indexOf(10, start); at !== -1; at = bytes.indexOf(10, start)) {
        take(bytes.subarray(start, at));
        flush();
        start = at + 1;
      }
      // Copied: the caller may use its buffer again.
      if (start < bytes.length) take(Buffer.from(bytes.subarray(start)));
    },
    end() {
      if (size > 0) flush();
    },
  };
}
