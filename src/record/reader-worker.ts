/** The thread of `reader.ts`: answers one question at a time about recordings in folders. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../lib/errors.ts';
import { isObject, type Json } from '../lib/json.ts';
import { protocolOf } from '../protocol/registry.ts';
import { destinationKey, ExchangeCache, exchangesOf, NO_ANSWER } from './exchanges.ts';
import type { CutAnswer, CutRequest, Question, Reply, ScanAnswer, ScanRequest } from './reader.ts';
import type { Slice } from './model.ts';
import { cutSlice } from './slice.ts';

const MAX_FOLDERS = 8;
const caches = new Map<string, ExchangeCache>();

/** Of the folders asked about last. */
function cacheOf(folder: string): ExchangeCache {
  const cache = caches.get(folder) ?? new ExchangeCache();
  caches.delete(folder);
  caches.set(folder, cache);
  if (caches.size > MAX_FOLDERS) caches.delete(caches.keys().next().value!);
  return cache;
}

async function scan({ folder, after, until, lookBack }: ScanRequest): Promise<ScanAnswer> {
  const recording = await exchangesOf(folder, { from: after - lookBack, cache: cacheOf(folder) });
  const answer: ScanAnswer = { failed: [], scannedTo: after, fresh: false };
  for (const exchange of recording.exchanges) {
    const { endedAt, direction, response } = exchange;
    if (endedAt === null || endedAt <= after) continue;
    if (endedAt > until) {
      answer.fresh = true;
      continue;
    }
    answer.scannedTo = Math.max(answer.scannedTo, endedAt);
    const status = direction === 'inbound' && isObject(response) ? response['status'] : null;
    if (typeof status === 'number' && status >= 500)
      answer.failed.push({ ...exchange, response: { status } });
  }
  return answer;
}

async function cut({ folder, from, ...asked }: CutRequest): Promise<CutAnswer> {
  const recording = await exchangesOf(folder, { from, cache: cacheOf(folder) });
  const slice = cutSlice({ ...asked, recording });
  const { failing, confidence } = slice;
  const request = slice.exchanges.find(({ id }) => id === failing);
  const underWay = request !== undefined && request.endedAt === null && request.incomplete !== NO_ANSWER;
  return { json: JSON.stringify(slice), failing, confidence, underWay, schemas: schemasShown(slice) };
}

parentPort!.on('message', (question: Question) => {
  const work = question.ask === 'scan' ? scan(question.request) : cut(question.request);
  void work
    .then(
      (answer): Reply => ({ answer }),
      (error: unknown): Reply => ({ error: messageOf(error) }),
    )
    .then((reply) => parentPort!.postMessage(reply));
});

function schemasShown({ history }: Slice): Record<string, Json> {
  const byServer = Map.groupBy(history?.exchanges ?? [], ({ destination }) => destinationKey(destination));
  return Object.fromEntries(
    [...byServer].flatMap(([server, exchanges]) => {
      const reader = protocolOf(exchanges[0]!.protocol).schema;
      return reader ? [[server, reader.shown(exchanges)]] : [];
    }),
  );
}
