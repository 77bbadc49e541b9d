import { as, rangesIn, walk, type Node } from './parse.ts';
import type { PgRequest } from '../messages.ts';
import type { Plan } from './dare-plan.ts';
import { quoted } from './ddl.ts';
import { mayWrite, type Footprint } from './effects.ts';
import { tableNamed } from './scope.ts';
import type { Server } from './server.ts';
import { settingsAfter, stepOf, type Settings } from './session.ts';
import type { State } from './state.ts';

/** A connection of the app, as far as its transaction goes. */
export interface Connection {
  settings: Settings;
  /** In a transaction. `own`: our server's one session is in it too. */
  open: boolean;
  own: boolean;
  failed: boolean;
  odd: string | null;
  mark: number;
  savepoints: { name: string; mark: number }[];
  /** What it wrote in its transaction. */
  wrote: Set<number> | 'everything';
  /** Tables of which it holds rows that it did not write: others may have to wait for them. */
  locked: Set<number>;
}

/**
 * The transactions of a run's connections. Our server has one session: it is in the transaction of the connection that began first, and
 * what the others write meanwhile is only noted down.
 */
export class Transactions {
  readonly #parts: { state: State; server: Server; start: Settings };
  readonly #connections = new Map<string, Connection>();
  /** The connection whose transaction our server is in. */
  #holder: Connection | null = null;
  /** What others wrote during that transaction: taking it back takes that back too. */
  #beside: Footprint[] = [];

  constructor(parts: { state: State; server: Server; start: Settings }) {
    this.#parts = parts;
  }

  /** Our server is in a transaction that this connection began, or in none. */
  get holder(): Readonly<Connection> | null {
    return this.#holder;
  }

  async end(): Promise<void> {
    if (this.#holder) await this.#parts.server.run('ROLLBACK');
    this.#holder = null;
  }

  /** Whether a connection other than this one has written and not ended its transaction. */
  othersWrite(mine: Connection): boolean {
    return [...this.#connections.values()].some(
      (one) => one !== mine && one.open && (one.wrote === 'everything' || one.wrote.size > 0),
    );
  }

  /** Whether what this connection writes now takes effect beside another one's transaction, and is certain to. */
  besides(mine: Connection, footprint: Footprint): { beside: boolean; certain: boolean } {
    const beside = this.#holder !== null && this.#holder !== mine;
    const certain = !(mine.open && !mine.own) && !(beside && touches(this.#holder!.wrote, footprint));
    return { beside, certain };
  }

  /** A write of a connection has been applied. */
  applied(mine: Connection, footprint: Footprint, beside: boolean): void {
    if (beside) this.#beside.push(footprint);
    if (mine.open)
      this.wrote(
        mine,
        footprint === 'everything' ? 'everything' : [...footprint.keys()].map(({ oid }) => oid),
      );
    else this.settle();
  }

  /** A write beside another connection's transaction cannot be done by one session. */
  inTheWay(mine: Connection, request: PgRequest, node: Node | null): string | null {
    const othersOpen = [...this.#connections.values()].some((one) => one !== mine && one.open);
    if (othersOpen && node && [...walk(node)].some(([kind]) => kind === 'LockingClause'))
      return 'what others hold locked is not known';
    if (!mayWrite(this.#parts.state, request.sql, node)) return null;
    if (mine.open && !mine.own)
      return 'two transactions are under way at the same time, or it is one of reading only';
    return this.#holder !== null && this.#holder !== mine
      ? 'another connection has a transaction under way'
      : null;
  }

  /** No other connection holds what this plan reads or writes. */
  isFree(mine: Connection, plan: Plan): boolean {
    return [...this.#connections.values()].every(
      (one) =>
        one === mine ||
        !one.open ||
        !(
          one.wrote === 'everything' ||
          [...plan.tables].some(
            ({ oid }) =>
              (one.wrote as Set<number>).has(oid) || (plan.kind === 'write' && one.locked.has(oid)),
          )
        ),
    );
  }

  /** BEGIN, SET and their like, which succeeded. False: the statement is none of them. */
  async session(mine: Connection, node: Node): Promise<boolean> {
    const settings = settingsAfter(mine.settings, this.#parts.start, node);
    if (settings) {
      if (!mine.failed) mine.settings = settings;
      return true;
    }
    const found = stepOf(node);
    if (!found) return false;
    switch (found.step) {
      case 'begin':
        if (!mine.open) await this.#begin(mine, node);
        break;
      case 'commit':
      case 'rollback':
        await this.#finish(mine, found.step === 'commit' && !mine.failed);
        break;
      case 'savepoint':
        if (mine.own && !mine.failed) {
          await this.#parts.server.must(`SAVEPOINT ${quoted(found.name)}`);
          mine.savepoints.push({ name: found.name, mark: this.#parts.state.mark() });
        }
        break;
      case 'release':
        await this.#release(mine, found.name);
        break;
      case 'rollback-to':
        await this.#backTo(mine, found.name);
        break;
      case 'odd':
        mine.odd = 'a transaction in a way that is not looked into';
        break;
      default:
        found.step satisfies never;
    }
    return true;
  }

  async #begin(mine: Connection, node: Node): Promise<void> {
    const readOnly = (as(node, 'TransactionStmt')?.options ?? []).some(
      (option) => as(option, 'DefElem')?.defname === 'transaction_read_only',
    );
    Object.assign(mine, {
      open: true,
      failed: false,
      savepoints: [],
      wrote: new Set(),
      locked: new Set(),
      own: this.#holder === null && !readOnly,
    });
    if (!mine.own) return;
    await this.#parts.server.must('BEGIN');
    this.#holder = mine;
    mine.mark = this.#parts.state.mark();
  }

  async #finish(mine: Connection, commit: boolean): Promise<void> {
    const { server } = this.#parts;
    if (mine.own) {
      await server.must(commit ? 'COMMIT' : 'ROLLBACK');
      this.#holder = null;
      if (!commit) {
        this.#undo(mine.mark);
      }
      this.#beside = [];
    }
    Object.assign(mine, {
      open: false,
      own: false,
      failed: false,
      odd: null,
      savepoints: [],
      wrote: new Set(),
      locked: new Set(),
    });
    this.settle();
  }

  /** Takes back what a transaction did; what others wrote meanwhile went with it. */
  #undo(mark: number): void {
    const { state } = this.#parts;
    state.undo(mark);
    for (const footprint of this.#beside) {
      if (footprint === 'everything') state.forgetAll();
      else for (const table of footprint.keys()) state.forget(table);
    }
  }

  async #release(mine: Connection, name: string): Promise<void> {
    const at = mine.savepoints.findLastIndex((one) => one.name === name);
    if (!mine.own || mine.failed || at < 0) return;
    await this.#parts.server.must(`RELEASE SAVEPOINT ${quoted(name)}`);
    mine.savepoints.length = at;
  }

  async #backTo(mine: Connection, name: string): Promise<void> {
    const at = mine.savepoints.findLastIndex((one) => one.name === name);
    if (!mine.own) {
      mine.failed = false;
      return;
    }
    if (at < 0) return this.fail(mine);
    await this.#parts.server.must(`ROLLBACK TO SAVEPOINT ${quoted(name)}`);
    this.#undo(mine.savepoints[at]!.mark);
    mine.savepoints.length = at + 1;
    mine.failed = false;
  }

  /** A statement failed inside of a transaction: our server's is failed too from now on. */
  async fail(mine: Connection): Promise<void> {
    if (mine.own && !mine.failed) await this.#parts.server.run('SELECT 1/0');
    mine.failed = true;
  }

  /** What a connection wrote within its transaction is its own until it ends. */
  wrote(mine: Connection, oids: readonly number[] | 'everything'): void {
    if (oids === 'everything' || mine.wrote === 'everything') mine.wrote = 'everything';
    else
      for (const oid of oids) {
        mine.wrote.add(oid);
        // What a row points to is held too.
        for (const foreign of this.#parts.state.table(oid)?.foreign ?? []) mine.locked.add(foreign.table);
      }
  }

  /** What a SELECT … FOR UPDATE or LOCK holds until its transaction ends. */
  lock(mine: Connection, node: Node | null): void {
    if (!mine.open || node === null) return;
    const locks =
      as(node, 'LockStmt') !== undefined || [...walk(node)].some(([kind]) => kind === 'LockingClause');
    for (const range of locks ? rangesIn(node) : []) {
      const table = tableNamed(this.#parts.state.schema, range);
      if (table) mine.locked.add(table.oid);
    }
  }

  /** Outside of transactions nothing has to be taken back. */
  settle(): void {
    if (this.#holder === null) this.#parts.state.settle();
  }

  /** By the name that the run has for it; one that was not seen before has just begun. */
  of(name: string): Connection {
    let found = this.#connections.get(name);
    if (!found) {
      found = {
        settings: this.#parts.start,
        open: false,
        own: false,
        failed: false,
        odd: null,
        mark: 0,
        savepoints: [],
        wrote: new Set(),
        locked: new Set(),
      };
      this.#connections.set(name, found);
    }
    return found;
  }
}

function touches(wrote: Set<number> | 'everything', footprint: Footprint): boolean {
  if (wrote === 'everything') return true;
  return footprint === 'everything'
    ? wrote.size > 0
    : [...footprint.keys()].some(({ oid }) => wrote.has(oid));
}
