import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import type { LogLine } from './model.ts';

export interface AppLogOptions {
  /** Bytes after which a new file is begun. Default 8 MiB. */
  fileBytes?: number;
  /** Files kept, the current one included. Default 4. */
  files?: number;
  /** Bytes waiting for the disk above which `append` asks its caller to wait. Default 1 MiB. */
  waitingBytes?: number;
  /** Called when lines could not be written (a full disk), once until writing works again. */
  onFailure?: (error: unknown) => void;
}

/** What is kept of one printed line. */
const MAX_LINE_CHARS = 16 * 1024;

/**
 * The last lines that an app printed, one JSON object a line, in files `log.jsonl`, `log.1.jsonl` … that rotate: an app
 * that prints without end fills neither the disk nor the memory.
 */
export class AppLog {
  readonly #folder: string;
  readonly #fileBytes: number;
  readonly #files: number;
  readonly #waitingBytes: number;
  #file: FileHandle | undefined;
  #size = 0;
  #waiting: string[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  readonly #onFailure: (error: unknown) => void;
  #failing = false;

  constructor(folder: string, options: AppLogOptions = {}) {
    this.#folder = folder;
    this.#fileBytes = options.fileBytes ?? 8 * 1024 * 1024;
    this.#files = options.files ?? 4;
    this.#waitingBytes = options.waitingBytes ?? 1024 * 1024;
    this.#onFailure = options.onFailure ?? (() => {});
  }

  /** Takes a line. False: wait for `drained` before the next one. */
  append(line: LogLine): boolean {
    const kept =
      line.line.length > MAX_LINE_CHARS ? { ...line, line: `${line.line.slice(0, MAX_LINE_CHARS)}…` } : line;
    const text = `${JSON.stringify(kept)}\n`;
    this.#waiting.push(text);
    this.#bytes += text.length;
    this.#writing ??= this.#write();
    return this.#bytes < this.#waitingBytes;
  }

  /** Resolves when everything taken so far is in the file, or could not be written. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  /** The newest `count` lines, oldest first. */
  async tail(count: number): Promise<LogLine[]> {
    await this.drained();
    const found: LogLine[] = [];
    for (let number = 0; number < this.#files && found.length < count; number++) {
      const text = await readText(this.#path(number));
      const lines = text.split('\n').filter((line) => line !== '');
      const wanted = lines.slice(-(count - found.length));
      // A line cut by a killed server is skipped.
      const parsed = wanted
        .map((line) => parseJson(line) as LogLine | undefined)
        .filter((line) => line !== undefined);
      found.unshift(...parsed);
    }
    return found;
  }

  async close(): Promise<void> {
    await this.drained();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      try {
        await this.#put(Buffer.from(text));
        this.#failing = false;
      } catch (error) {
        // The app goes on without its log rather than the other way round.
        if (!this.#failing) this.#onFailure(error);
        this.#failing = true;
      }
      this.#bytes = this.#waiting.reduce((sum, line) => sum + line.length, 0);
    }
    this.#writing = undefined;
  }

  async #put(bytes: Buffer): Promise<void> {
    if (this.#file === undefined) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      this.#file = await open(this.#path(0), 'a', 0o600);
      this.#size = (await this.#file.stat()).size;
    }
    if (this.#size > 0 && this.#size + bytes.length > this.#fileBytes) {
      await this.#file.close();
      this.#file = undefined;
      await rm(this.#path(this.#files - 1), { force: true });
      for (let number = this.#files - 2; number >= 0; number--) {
        if (await isThere(this.#path(number))) await rename(this.#path(number), this.#path(number + 1));
      }
      this.#file = await open(this.#path(0), 'a', 0o600);
      this.#size = 0;
    }
    await this.#file.writeFile(bytes);
    this.#size += bytes.length;
  }

  #path(number: number): string {
    return join(this.#folder, number === 0 ? 'log.jsonl' : `log.${number}.jsonl`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
