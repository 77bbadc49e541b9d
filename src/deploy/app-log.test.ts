import { appendFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../lib/scratch.ts';
import { AppLog } from './app-log.ts';
import type { LogLine } from './model.ts';

describe('AppLog', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await scratchDir('app-log');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const line = (text: string): LogLine => ({
    at: 1,
    deployment: 'dep_x',
    release: 'v1',
    stream: 'stdout',
    line: text,
  });

  it('gives the newest lines across files, also after it was opened again', async () => {
    const log = new AppLog(folder, { fileBytes: 400, files: 3 });
    for (let n = 0; n < 20; n++) {
      log.append(line(`line ${n}`));
      await log.drained();
    }
    expect((await log.tail(3)).map((one) => one.line)).toEqual(['line 17', 'line 18', 'line 19']);
    await log.close();
    const again = new AppLog(folder, { fileBytes: 400, files: 3 });
    again.append(line('after'));
    const kept = (await again.tail(1_000)).map((one) => one.line);
    expect(kept.slice(-3)).toEqual(['line 18', 'line 19', 'after']);
    expect(kept.length).toBeLessThan(20);
    expect((await readdir(folder)).sort()).toEqual(['log.1.jsonl', 'log.2.jsonl', 'log.jsonl']);
    await again.close();
  });

  it('asks to wait when the disk is behind, and bounds what it keeps', async () => {
    const log = new AppLog(folder, { fileBytes: 10_000, files: 2, waitingBytes: 2_000 });
    let waits = 0;
    for (let n = 0; n < 500; n++) {
      if (log.append(line('x'.repeat(500)))) continue;
      waits += 1;
      await log.drained();
    }
    await log.close();
    expect(waits).toBeGreaterThan(50);
    let bytes = 0;
    for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
    expect(bytes).toBeLessThan(25_000);
  });

  it('cuts endless lines and skips one that a killed server left half written', async () => {
    const log = new AppLog(folder);
    log.append(line('z'.repeat(100_000)));
    await log.drained();
    await appendFile(join(folder, 'log.jsonl'), '{"at":1,"li\n');
    log.append(line('next'));
    const kept = await log.tail(10);
    expect(kept.map((one) => one.line.length)).toEqual([16 * 1024 + 1, 4]);
    await log.close();
  });

  it('says why it could not write, and goes on', async () => {
    const failures: unknown[] = [];
    const log = new AppLog(join(folder, 'impossible\0'), { onFailure: (error) => failures.push(error) });
    for (const text of ['lost', 'lost too']) {
      log.append(line(text));
      await log.drained();
    }
    expect(failures).toEqual([expect.any(Error)]);
  });
});
