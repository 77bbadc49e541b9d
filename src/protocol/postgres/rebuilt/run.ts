import type { Json } from '../../../lib/json.ts';
import type { Assumption, RebuiltState } from '../../port.ts';
import { pgRequestSchema, pgResponseSchema, type PgRequest, type PgResponse } from '../messages.ts';
import { errorReply } from '../semantics.ts';
import type { Asked } from './atoms.ts';
import { attempt, type Attempt, type Parts } from './attempt.ts';
import type { Plan } from './dare-plan.ts';
import { literal, quoted } from './ddl.ts';
import { applyWrite, footprintOf, mayWrite, type Footprint } from './effects.ts';
import { learn } from './lessons.ts';
import { as, kindOf, rangesIn, statementOf, walk, type Node } from './parse.ts';
import { tableNamed } from './scope.ts';
import { Oids, responseOf, sameAnswer } from './response.ts';
import { foundNothing, shownBy } from './shown.ts';
import { settingsAfter, stepOf, type Settings } from './session.ts';
import type { Source } from './state.ts';
import type { Write } from './write.ts';

/** What the state says to a call, as `Told` and with what a comparison has to know. */
export type Answered =
  | {
      dared: true;
      response: Json;
      assumptions: Assumption[];
      anyOrder: boolean;
      fresh: boolean;
    }
  | { dared: false; reason: string };

interface Connection {
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

export interface RunParts extends Parts {
  start: Settings;
  oids: Oids;
  /** Microseconds since 1970. */
  at: number;
}

const ABORTED = 'current transaction is aborted, commands ignored until end of transaction block';

/** One run's database: what is known of a moment, and what the run does to it. Ask one thing at a time. */
export class Run implements RebuiltState {
  readonly #parts: RunParts;
  readonly #connections = new Map<string, Connection>();
  /** The connection whose transaction our server is in. */
  #holder: Connection | null = null;
  /** What others wrote during that transaction: taking it back takes that back too. */
  #beside: Footprint[] = [];
  readonly #when: string;

  readonly #isEnum: (type: number) => boolean;

  constructor(parts: RunParts) {
    this.#isEnum = (type) => parts.state.schema.enums.some(({ oid }) => oid === type);
    this.#parts = parts;
    this.#when = new Date(parts.at / 1000).toISOString().slice(11, 23);
  }

  async end(): Promise<void> {
    if (this.#holder) await this.#parts.server.run('ROLLBACK');
    this.#holder = null;
  }

  /** What the mock server answered by itself: transactions and settings. */
  async session(connection: string, request: Json): Promise<void> {
    const { sql } = pgRequestSchema.parse(request);
    const node = statementOf(sql);
    if (node) await this.#session(this.#of(connection), node);
  }

  /** `keep`: what it does stays done. */
  async ask(connection: string, request: Json, { keep = true } = {}): Promise<Answered> {
    const parsed = pgRequestSchema.parse(request);
    const mine = this.#of(connection);
    if (parsed.describeOnly) return this.#describe(mine, parsed);
    if (parsed.part > 0 || parsed.copy !== null)
      return { dared: false, reason: 'COPY and results in parts are not looked into' };
    if (mine.failed) {
      const response = { ...errorReply('25P02', ABORTED), transaction: 'E' } as Json;
      return { dared: true, response, assumptions: [], anyOrder: false, fresh: false };
    }
    const tried = await this.#try(
      mine,
      parsed,
      ({ plan, reply }) => keep && (plan.kind === 'write' || reply.error !== null),
    );
    if (typeof tried === 'string') return { dared: false, reason: tried };
    const { plan, response } = tried;
    if (keep && response.error && mine.open) await this.#fail(mine);
    const { assumptions, ordered, fresh } = plan;
    const anyOrder = !ordered && response.rows.length > 1;
    if (anyOrder)
      assumptions.push({ what: 'the order of its rows, which nothing determines', exchange: null, at: 0 });
    return {
      dared: true,
      response: response as Json,
      assumptions,
      anyOrder,
      fresh,
    };
  }

  /** A call of the run that the recording answered: its effect is taken over, and its answer checked. */
  async follow(connection: string, request: Json, response: Json): Promise<void> {
    const asked = pgRequestSchema.parse(request);
    const said = pgResponseSchema.parse(response);
    const mine = this.#of(connection);
    const node = statementOf(asked.sql);
    if (asked.describeOnly) return;
    const isSession =
      node !== null && ['TransactionStmt', 'VariableSetStmt', 'DiscardStmt'].includes(kindOf(node));
    if (isSession && !said.error) await this.#session(mine, node);
    else if (!isSession && !mine.failed) await this.#follow(mine, asked, said, node);
    if (said.error && mine.open) await this.#fail(mine);
  }

  async #follow(mine: Connection, request: PgRequest, said: PgResponse, node: Node | null): Promise<void> {
    const { state } = this.#parts;
    let same = false;
    let plan: Plan | undefined;
    // Ids of its own would be compared with those that were given out.
    const tried =
      request.copy === null && request.part === 0
        ? await this.#try(mine, request, (one, ours) => {
            plan = one.plan;
            same = sameAnswer(ours, said, plan.ordered);
            return same && one.plan.kind === 'write' && !one.plan.fresh;
          })
        : 'not tried';
    if (typeof tried !== 'string' && plan && !plan.fresh) {
      if (same) {
        if (plan.kind === 'write') return;
      } else
        for (const table of plan.tables)
          state.distrust(
            table,
            `${table.name}: a recorded answer is not what follows from what was recorded before it`,
          );
    }
    if (said.error) return;
    this.#lock(mine, node);
    const write = this.#write(mine, request, said, node);
    if (mayWrite(state, request.sql, node) && !foundNothing(state, write)) this.#apply(mine, write);
    else this.#learn(mine, write);
  }

  #write(mine: Connection, request: PgRequest, response: PgResponse, node: Node | null): Write {
    const plain = mine.settings.odd === null ? node : null;
    return {
      sql: request.sql,
      node: plain,
      asked: this.#asked(mine, request),
      request,
      response,
      source: this.#source(),
    };
  }

  #apply(mine: Connection, write: Write): void {
    const { state } = this.#parts;
    const footprint = footprintOf(state, write);
    const beside = this.#holder !== null && this.#holder !== mine;
    const certain = !(mine.open && !mine.own) && !(beside && touches(this.#holder!.wrote, footprint));
    applyWrite(state, write, certain);
    if (beside) this.#beside.push(footprint);
    if (mine.open)
      this.#wrote(
        mine,
        footprint === 'everything' ? 'everything' : [...footprint.keys()].map(({ oid }) => oid),
      );
    else this.#settle();
  }

  #learn(mine: Connection, statement: Write): void {
    const othersWrite = [...this.#connections.values()].some(
      (one) => one !== mine && one.open && (one.wrote === 'everything' || one.wrote.size > 0),
    );
    if (othersWrite || mine.odd !== null) return;
    for (const lesson of shownBy(this.#parts.state, statement))
      learn(this.#parts.state, lesson, this.#source());
    if (!mine.open) this.#settle();
  }

  /** Runs a statement; `keep` says whether what it did stays. A reason where it is not dared. */
  async #try(
    mine: Connection,
    request: PgRequest,
    keep: (tried: Attempt, response: PgResponse) => boolean,
  ): Promise<{ plan: Plan; response: PgResponse } | string> {
    const { state, server, oids } = this.#parts;
    const odd = mine.settings.odd ?? mine.odd;
    if (odd !== null) return odd;
    const node = statementOf(request.sql);
    const inside = this.#holder !== null;
    if (inside && this.#holder!.failed) return 'another connection has a failed transaction under way';
    const why = this.#inTheWay(mine, request, node);
    if (why !== null) return why;
    const mark = state.mark();
    await server.must(inside ? 'SAVEPOINT vouch_ask' : 'BEGIN');
    await server.must(`SELECT set_config('timezone', ${literal(mine.settings.timeZone)}, true)`);
    const types = request.params.map((_, i) => oids.ours(request.paramTypes[i] ?? 0));
    const tried = await attempt(
      this.#parts,
      this.#asked(mine, request),
      node,
      request,
      types,
      this.#source(),
      this.#when,
    );
    const response =
      typeof tried === 'string' ? undefined : responseOf(tried.reply, request, oids, 'I', this.#isEnum);
    const stays =
      typeof tried !== 'string' &&
      response !== undefined &&
      this.#isFree(mine, tried.plan) &&
      keep(tried, response);
    if (stays) await server.must(inside ? 'RELEASE SAVEPOINT vouch_ask' : 'COMMIT');
    else {
      await server.must(inside ? 'ROLLBACK TO SAVEPOINT vouch_ask' : 'ROLLBACK');
      if (inside) await server.must('RELEASE SAVEPOINT vouch_ask');
      state.undo(mark);
    }
    if (typeof tried === 'string') return tried;
    if (!response) return 'its values cannot be had in the binary form that was asked for';
    if (!this.#isFree(mine, tried.plan))
      return 'another connection has written to its tables, or holds rows of them, and has not ended its transaction';
    if (stays && mine.open)
      this.#wrote(
        mine,
        [...tried.plan.written].map(({ oid }) => oid),
      );
    this.#lock(mine, node);
    if (stays && !inside) this.#settle();
    const status = mine.open ? (response.error ? 'E' : 'T') : 'I';
    return { plan: tried.plan, response: { ...response, transaction: status } };
  }

  /** A write beside another connection's transaction cannot be done by one session. */
  #inTheWay(mine: Connection, request: PgRequest, node: Node | null): string | null {
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

  #isFree(mine: Connection, plan: Plan): boolean {
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

  async #describe(mine: Connection, request: PgRequest): Promise<Answered> {
    const { server, oids } = this.#parts;
    if (mine.settings.odd !== null || mine.failed || this.#holder?.failed)
      return { dared: false, reason: 'the session is in a state that is not looked into' };
    const inside = this.#holder !== null;
    await server.must(inside ? 'SAVEPOINT vouch_ask' : 'BEGIN');
    const reply = await server.describe(
      request.sql,
      request.paramTypes.map((type) => oids.ours(type)),
    );
    await server.must(inside ? 'ROLLBACK TO SAVEPOINT vouch_ask' : 'ROLLBACK');
    if (reply.error) return { dared: false, reason: reply.error.message };
    const response = responseOf(reply, request, oids, mine.open ? 'T' : 'I', this.#isEnum)!;
    return {
      dared: true,
      response: response as Json,
      assumptions: [],
      anyOrder: false,
      fresh: false,
    };
  }

  async #session(mine: Connection, node: Node): Promise<boolean> {
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
    this.#settle();
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
    if (at < 0) return this.#fail(mine);
    await this.#parts.server.must(`ROLLBACK TO SAVEPOINT ${quoted(name)}`);
    this.#undo(mine.savepoints[at]!.mark);
    mine.savepoints.length = at + 1;
    mine.failed = false;
  }

  /** A statement failed inside of a transaction: our server's is failed too from now on. */
  async #fail(mine: Connection): Promise<void> {
    if (mine.own && !mine.failed) await this.#parts.server.run('SELECT 1/0');
    mine.failed = true;
  }

  #wrote(mine: Connection, oids: readonly number[] | 'everything'): void {
    if (oids === 'everything' || mine.wrote === 'everything') mine.wrote = 'everything';
    else
      for (const oid of oids) {
        mine.wrote.add(oid);
        // What a row points to is held too.
        for (const foreign of this.#parts.state.table(oid)?.foreign ?? []) mine.locked.add(foreign.table);
      }
  }

  /** What a SELECT … FOR UPDATE or LOCK holds until its transaction ends. */
  #lock(mine: Connection, node: Node | null): void {
    if (!mine.open || node === null) return;
    const locks =
      as(node, 'LockStmt') !== undefined || [...walk(node)].some(([kind]) => kind === 'LockingClause');
    for (const range of locks ? rangesIn(node) : []) {
      const table = tableNamed(this.#parts.state.schema, range);
      if (table) mine.locked.add(table.oid);
    }
  }

  #settle(): void {
    if (this.#holder === null) this.#parts.state.settle();
  }

  #asked(mine: Connection, request: PgRequest): Asked {
    return { params: request.params, types: request.paramTypes, settings: mine.settings.timeZone };
  }

  #source(): Source {
    return { exchange: null, at: this.#parts.at };
  }

  #of(name: string): Connection {
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
