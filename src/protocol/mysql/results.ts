import { toTextOrBytes } from '../bytes.ts';
import { LostTrack } from '../source.ts';
import { STATUS } from './flags.ts';
import type { Column, MyResult } from './messages.ts';
import {
  endsRows,
  isEof,
  isErr,
  isProgress,
  readColumn,
  readEof,
  readErr,
  readOk,
  type Ok,
} from './packets.ts';
import { readBinary } from './types.ts';
import { Fields, type Packet } from './wire.ts';

const MAX_HELD = 64 * 1024 * 1024;
const MAX_COLUMNS = 10_000;
const MAX_RESULTS = 10_000;

/** Bytes of results that one connection holds at a time. */
export class Budget {
  #held = 0;

  take(bytes: number): boolean {
    if (this.#held + bytes > MAX_HELD) return false;
    this.#held += bytes;
    return true;
  }
  reset(): void {
    this.#held = 0;
  }
}

export function emptyResult(part: Partial<MyResult> = {}): MyResult {
  return {
    columns: null,
    rows: [],
    affectedRows: 0,
    insertId: '0',
    warnings: 0,
    status: null,
    info: '',
    error: null,
    ...part,
  };
}

/** What one command is answered: results until one does not announce another. */
export class Results {
  readonly done: { result: MyResult; endedAt: number }[] = [];
  flaw: string | null = null;
  #result: MyResult = emptyResult();
  #columns: Column[] = [];
  #stage: 'head' | 'columns' | 'eof or row' | 'rows' | 'file' = 'head';
  #awaited = 0;
  readonly #binary: boolean;
  readonly #tracked: boolean | null;
  readonly #budget: Budget;
  /** Columns that the client keeps from an earlier answer, if the server leaves them out. */
  readonly #known: Column[] | null;

  constructor(options: { binary: boolean; tracked: boolean | null; budget: Budget; known: Column[] | null }) {
    this.#binary = options.binary;
    this.#tracked = options.tracked;
    this.#budget = options.budget;
    this.#known = options.known;
  }

  /** The server waits for a file of the client. */
  get readsFile(): boolean {
    return this.#stage === 'file';
  }

  /** What has come of a result that is not over. */
  get begun(): MyResult | null {
    return this.#stage === 'head' ? null : this.#result;
  }

  /** Takes the next packet of the answer. True: it was the last one. */
  hear(packet: Packet): boolean {
    const { body, lost, endedAt } = packet;
    if (isErr(body) && this.#stage !== 'columns') {
      this.#whole(packet);
      if (isProgress(body)) return false;
      this.#result.error = readErr(body);
      return this.#close(0, endedAt);
    }
    switch (this.#stage) {
      case 'head':
        this.#whole(packet);
        return this.#head(body, endedAt);
      case 'file':
        this.#whole(packet);
        return this.#ok(readOk(body, this.#tracked), endedAt);
      case 'columns':
        this.#whole(packet);
        this.#columns.push(readColumn(body));
        if (--this.#awaited === 0) this.#stage = 'eof or row';
        return false;
      case 'eof or row':
        this.#stage = 'rows';
        if (lost === 0 && isEof(body)) {
          const { status } = readEof(body);
          // The rows stay with the server until they are fetched.
          if ((status & STATUS.cursorExists) === 0) return false;
          this.flaw ??= 'its rows were fetched with a cursor, which is not decoded';
          return this.#close(status, endedAt);
        }
        return this.#row(packet);
      case 'rows':
        return this.#row(packet);
    }
  }

  #head(body: Buffer, endedAt: number): boolean {
    if (body[0] === 0) return this.#ok(readOk(body, this.#tracked), endedAt);
    if (body[0] === 0xfb) {
      this.#stage = 'file';
      this.flaw ??= 'it reads a file of the client (LOCAL INFILE), which is not decoded';
      return false;
    }
    const fields = new Fields(body);
    const count = fields.count();
    if (count > MAX_COLUMNS) throw new LostTrack(`a result of ${count} columns`);
    // MariaDB may leave out columns that the client has.
    const follow = fields.left === 0 || fields.byte() !== 0;
    this.#columns = follow ? [] : (this.#known ?? []);
    this.#result.columns = this.#columns;
    if (!follow && this.#columns.length !== count)
      this.flaw ??= 'its columns were told before the recording began';
    this.#awaited = count;
    this.#stage = follow ? 'columns' : 'eof or row';
    return false;
  }

  #row(packet: Packet): boolean {
    const { body, lost, length, endedAt } = packet;
    if (endsRows(body, length)) {
      this.#whole(packet);
      if (isEof(body)) {
        const { warnings, status } = readEof(body);
        this.#result.warnings = warnings;
        return this.#close(status, endedAt);
      }
      return this.#ok(readOk(body, this.#tracked), endedAt);
    }
    if (lost > 0) this.flaw ??= `${lost} bytes of a result were lost`;
    else if (!this.#budget.take(length)) this.flaw ??= `a result longer than ${MAX_HELD} bytes was cut`;
    else this.#result.rows.push(this.#binary ? binaryRow(body, this.#columns) : textRow(body, this.#columns));
    return false;
  }

  #ok(ok: Ok, endedAt: number): boolean {
    const { affectedRows, insertId, warnings, info, status } = ok;
    Object.assign(this.#result, { affectedRows, insertId, warnings, info });
    return this.#close(status, endedAt);
  }

  #close(status: number, endedAt: number): boolean {
    if (this.#result.error === null) this.#result.status = status;
    this.done.push({ result: this.#result, endedAt });
    if (this.done.length > MAX_RESULTS) throw new LostTrack(`more than ${MAX_RESULTS} results`);
    this.#result = emptyResult();
    this.#columns = [];
    this.#stage = 'head';
    return (status & STATUS.moreResults) === 0;
  }

  #whole({ lost }: Packet): void {
    if (lost > 0) throw new LostTrack(`${lost} bytes lost (server)`);
  }
}

function textRow(body: Buffer, columns: readonly Column[]): MyResult['rows'][number] {
  const fields = new Fields(body);
  return columns.map(() => {
    const cell = fields.cell();
    return cell === null ? null : toTextOrBytes(cell);
  });
}

function binaryRow(body: Buffer, columns: readonly Column[]): MyResult['rows'][number] {
  const fields = new Fields(body);
  fields.byte();
  // The first two bits are not used.
  const nulls = fields.bytes((columns.length + 9) >> 3);
  return columns.map((column, index) =>
    (nulls[(index + 2) >> 3]! & (1 << ((index + 2) & 7))) === 0 ? readBinary(column, fields) : null,
  );
}
