import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { isObject, parseJson } from '../../../lib/json.ts';
import { Source } from './source.ts';

/**
 * A program of its own: reads `[{ file, text }, …]` as JSON, parses one after the other, and prints the position of each that it came
 * through. The native parser ends the whole process on code that is nested too deep, so this one is ended in our place. It parses
 * in a thread, whose stack is the smallest that the parser will be run with.
 */
if (isMainThread) {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  new Worker(new URL(import.meta.url), { workerData: Buffer.concat(chunks).toString('utf8') });
} else {
  const files = parseJson(String(workerData));
  for (const [i, each] of (Array.isArray(files) ? files : []).entries()) {
    if (!isObject(each) || typeof each.file !== 'string' || typeof each.text !== 'string') continue;
    Source.parse(each.file, each.text);
    writeSync(1, `${i}\n`);
  }
}
