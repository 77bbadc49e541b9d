/** The end of an output of any length, in memory of a fixed size. */
export interface Tail {
  push(chunk: Uint8Array): void;
  /** What was kept; if not all was, from the beginning of a line on. */
  text(): string;
}

export function tailOf(maxBytes: number): Tail {
  const ring = Buffer.alloc(maxBytes);
  let total = 0;
  return {
    push(chunk) {
      const part = chunk.subarray(Math.max(0, chunk.length - maxBytes));
      const at = (total + chunk.length - part.length) % maxBytes;
      const first = part.subarray(0, maxBytes - at);
      ring.set(first, at);
      ring.set(part.subarray(first.length), 0);
      total += chunk.length;
    },
    text() {
      if (total <= maxBytes) return ring.toString('utf8', 0, total);
      const at = total % maxBytes;
      const bytes = Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
      return bytes.toString('utf8', bytes.indexOf('\n') + 1);
    },
  };
}
