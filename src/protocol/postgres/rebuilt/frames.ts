/** Pieces of bytes, each after its length (4 bytes, big-endian). */
export function frame(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The pieces of a stream; one that is cut off is left out. */
export async function* readFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    held.push(chunk);
    size += chunk.length;
    // Put together only when something is whole: a large piece comes in many.
    while (size >= 4) {
      const head = held[0]!.length >= 4 ? held[0]! : Buffer.concat(held);
      const end = 4 + head.readUInt32BE(0);
      if (size < end) break;
      const all = held.length === 1 ? held[0]! : Buffer.concat(held);
      yield all.subarray(4, end);
      held = [all.subarray(end)];
      size -= end;
    }
  }
}
