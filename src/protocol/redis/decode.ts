import type { Json } from '../../lib/json.ts';
import { oneLine, type TextOrBytes } from '../bytes.ts';
import { conversation, type Talk } from '../conversation.ts';
import type { Decoded, Decoder } from '../port.ts';
import { LostTrack, Nonsense, type Reading, type Source } from '../source.ts';
import { textOf } from './commands.ts';
import type { RedisCall, RedisFacts, RedisRequest, Resp } from './messages.ts';
import { readCommand, readValue, type Command, type Value } from './wire.ts';

const MAX_PENDING = 100_000;
const MAX_QUEUED = 100_000;
const MAX_INFO = 64 * 1024;

export function redisDecoder(): Decoder {
  return conversation(new RedisTalk());
}

interface Transaction {
  request: RedisRequest;
  startedAt: number;
  flaw: string | null;
}

interface Pending {
  /** `queued`: inside a transaction, which is the exchange; `exec`: its end. */
  kind: 'plain' | 'multi' | 'queued' | 'exec' | 'discard' | 'subscription';
  request: RedisRequest;
  startedAt: number;
  transaction: Transaction | null;
  /** Confirmations of a subscription that are still to come, and those that came. */
  left: number;
  confirmations: Resp[];
  flaw: string | null;
}

class RedisTalk implements Talk {
  #pending: Pending[] = [];
  #finished: Decoded[] = [];
  #db = 0;
  #transaction: Transaction | null = null;
  /** CLIENT REPLY OFF: no replies; SKIP: none to the next command. */
  #replies: 'on' | 'off' | 'skip' = 'on';
  #channels = new Map<string, Set<string>>();
  #facts: RedisFacts = { hello: null, info: null, pushes: 0 };
  /** Why the selected database is not known. */
  #flaw: string | null = null;
  #answered = 0;

  *client(source: Source): Reading<void> {
    for (;;) {
      const command = yield* readCommand(source);
      if (command === undefined) return;
      this.#ask(command);
      if (this.#pending.length > MAX_PENDING)
        throw new Nonsense(`more than ${MAX_PENDING} commands without a reply`);
    }
  }

  #ask({ name, args, startedAt, lost }: Command): void {
    // It may have been one that changes what the connection means: SELECT, MULTI, SUBSCRIBE.
    if (lost > 0) throw new LostTrack(`${lost} bytes of a command were lost`);
    const command = textOf(name).toUpperCase();
    const request: RedisRequest = { command, args: withoutSecrets(command, args), db: this.#db };
    const flaw = this.#flaw;
    if (request.command === 'MONITOR' || request.command === 'SYNC' || request.command === 'PSYNC') {
      throw new Nonsense(`${request.command} is not decoded`);
    }
    if (this.#silenced(request)) return;
    const transaction = this.#transaction;
    if (request.command === 'SELECT' && transaction === null) {
      const db = Number(textOf(args[0]));
      if (Number.isInteger(db) && db >= 0) {
        this.#db = db;
        this.#flaw = null;
      }
    } else if (request.command === 'RESET') {
      this.#db = 0;
      this.#transaction = null;
    }
    const pending: Pending = {
      kind: 'plain',
      request,
      startedAt,
      transaction,
      left: 0,
      confirmations: [],
      flaw,
    };
    if (transaction !== null) this.#inTransaction(pending, transaction);
    else if (request.command === 'MULTI') {
      pending.kind = 'multi';
      pending.transaction = this.#transaction = { request: { ...request, queued: [] }, startedAt, flaw };
    } else this.#subscribing(pending);
    this.#pending.push(pending);
  }

  /** Whether the server will not reply to this. */
  #silenced({ command, args }: RedisCall): boolean {
    if (command === 'CLIENT' && textOf(args[0]).toUpperCase() === 'REPLY') {
      const mode = textOf(args[1]).toLowerCase();
      this.#replies = mode === 'off' || mode === 'skip' ? mode : 'on';
      return this.#replies !== 'on';
    }
    if (this.#replies === 'skip') {
      this.#replies = 'on';
      return true;
    }
    return this.#replies === 'off';
  }

  #inTransaction(pending: Pending, transaction: Transaction): void {
    const { command, args } = pending.request;
    if (command === 'EXEC' || command === 'DISCARD') {
      pending.kind = command === 'EXEC' ? 'exec' : 'discard';
      this.#transaction = null;
      return;
    }
    pending.kind = 'queued';
    transaction.flaw ??= pending.flaw;
    if (transaction.request.queued!.length >= MAX_QUEUED)
      throw new Nonsense(`more than ${MAX_QUEUED} commands in a transaction`);
    transaction.request.queued!.push({ command, args });
  }

  #subscribing(pending: Pending): void {
    const match = /^(UN|PUN|SUN)?(P|S)?SUBSCRIBE$/.exec(pending.request.command);
    if (!match) return;
    const kind = pending.request.command.replace('UN', '');
    const channels = this.#channels.get(kind) ?? new Set<string>();
    this.#channels.set(kind, channels);
    const names = pending.request.args.map((arg) => textOf(arg));
    const leaves = pending.request.command.includes('UN');
    pending.kind = 'subscription';
    pending.left = names.length > 0 ? names.length : Math.max(1, channels.size);
    if (leaves && names.length === 0) channels.clear();
    for (const name of names) {
      if (leaves) channels.delete(name);
      else channels.add(name);
    }
  }

  *server(source: Source): Reading<void> {
    for (;;) {
      const value = yield* readValue(source);
      if (value === undefined) return;
      yield* this.#hear(value, source);
    }
  }

  *#hear(value: Value, source: Source): Reading<void> {
    const head = this.#pending[0];
    if (this.#isPush(value.value, head)) {
      this.#facts.pushes++;
      return;
    }
    let pending = head;
    while (pending === undefined) {
      if (source.ended) return;
      yield;
      pending = this.#pending[0];
    }
    pending.flaw ??= value.lost > 0 ? `${value.lost} bytes of a reply were lost` : null;
    if (pending.kind === 'subscription' && !isError(value.value)) {
      pending.confirmations.push(asArray(value.value));
      if (--pending.left > 0) return;
      this.#pending.shift();
      this.#emit(pending, pending.confirmations, value.endedAt, pending.flaw);
      return;
    }
    this.#pending.shift();
    this.#reply(pending, value);
  }

  #reply(pending: Pending, { value, endedAt }: Value): void {
    const { transaction } = pending;
    switch (pending.kind) {
      case 'multi':
      case 'discard':
        return;
      case 'queued':
        if (!isQueued(value) && !isError(value))
          transaction!.flaw ??= 'a command in a transaction was not queued';
        return;
      case 'exec':
        this.#emit(transaction!, value, endedAt, transaction!.flaw ?? pending.flaw);
        return;
      case 'plain':
      case 'subscription':
        if (isQueued(value)) throw new LostTrack('the beginning of a transaction was not seen');
        this.#learn(pending.request, value);
        if (pending.request.command === 'EXEC')
          pending.flaw ??= 'the beginning of a transaction was not seen';
        this.#emit(pending, value, endedAt, pending.flaw);
    }
  }

  /** Messages to subscribers: RESP3 marks them, RESP2 sends them only to connections that do nothing else. */
  #isPush(value: Resp, head: Pending | undefined): boolean {
    if (value === null || typeof value !== 'object') return false;
    if (!Array.isArray(value)) {
      if (!('push' in value)) return false;
      return head?.kind !== 'subscription' || !firstWord(value.push).endsWith('subscribe');
    }
    const subscribed =
      [...this.#channels.values()].some(({ size }) => size > 0) || head?.kind === 'subscription';
    return subscribed && /^[ps]?message$/.test(firstWord(value));
  }

  #learn({ command }: RedisRequest, value: Resp): void {
    if (command === 'HELLO') this.#facts.hello = value;
    if (command !== 'INFO') return;
    const text =
      typeof value === 'string'
        ? value
        : value !== null && typeof value === 'object' && 'verbatim' in value
          ? value.text
          : null;
    if (text !== null && text.length <= MAX_INFO) this.#facts.info ??= text;
  }

  finished(): Decoded[] {
    return this.#finished.splice(0);
  }

  abandon(reason: string): void {
    const open = new Set<Transaction>();
    for (const pending of this.#pending.splice(0)) {
      if (pending.transaction === null) this.#emit(pending, undefined, null, pending.flaw ?? reason);
      else if (pending.kind !== 'discard') open.add(pending.transaction);
      else open.delete(pending.transaction);
    }
    if (this.#transaction !== null) open.add(this.#transaction);
    for (const transaction of open) this.#emit(transaction, undefined, null, transaction.flaw ?? reason);
    this.#transaction = null;
    this.#channels.clear();
    this.#replies = 'on';
    // SELECT is among the first commands of a connection; later ones are not expected.
    if (this.#answered === 0) this.#flaw = 'bytes were lost, and the selected database is not known';
  }

  resumes(client: Buffer, tail: Buffer): boolean | null {
    if (tail.length < 2 || tail[tail.length - 2] !== 13 || tail[tail.length - 1] !== 10) return false;
    const text = client.toString('latin1', 0, 16);
    if (/^\*\d{1,7}\r\n\$/.test(text)) return true;
    return text.length < 12 && /^\*(\d{0,7}|\d{1,7}\r\n?)$/.test(text) ? null : false;
  }

  facts(): Json {
    const { hello, info, pushes } = this.#facts;
    return hello === null && info === null && pushes === 0
      ? null
      : (structuredClone(this.#facts) as unknown as Json);
  }

  #emit(
    { request, startedAt }: { request: RedisRequest; startedAt: number },
    reply: Resp | undefined,
    endedAt: number | null,
    incomplete: string | null,
  ): void {
    if (incomplete === null) this.#answered++;
    this.#finished.push({
      startedAt,
      endedAt,
      request: request as unknown as Json,
      response: reply === undefined ? null : ({ reply } as unknown as Json),
      summary: summaryOf(request),
      complete: incomplete === null,
      incomplete,
    });
  }
}

/** Passwords are read over, not kept. */
function withoutSecrets(command: string, args: TextOrBytes[]): TextOrBytes[] {
  return command === 'AUTH' ? [] : command === 'HELLO' ? args.slice(0, 1) : args;
}

function isError(value: Resp): boolean {
  return value !== null && typeof value === 'object' && 'error' in value;
}

function isQueued(value: Resp): boolean {
  return value !== null && typeof value === 'object' && 'simple' in value && value.simple === 'QUEUED';
}

function asArray(value: Resp): Resp {
  const isPush = value !== null && typeof value === 'object' && !Array.isArray(value) && 'push' in value;
  return isPush ? value.push : value;
}

function firstWord(items: readonly Resp[]): string {
  return typeof items[0] === 'string' ? items[0] : '';
}

export function summaryOf(request: RedisRequest): string {
  if (request.queued) {
    return oneLine(
      `MULTI ${request.queued
        .slice(0, 20)
        .map(({ command }) => command)
        .join(', ')}`,
    );
  }
  const args = withoutSecrets(request.command, request.args).slice(0, 20);
  return oneLine(
    [request.command, ...args.map((arg) => (typeof arg === 'string' ? arg.slice(0, 100) : '(bytes)'))].join(
      ' ',
    ),
  );
}
