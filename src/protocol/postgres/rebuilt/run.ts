import type { Json } from '../../../lib/json.ts';
import type { Assumption, RebuiltState } from '../../port.ts';
import { pgRequestSchema, pgResponseSchema, type PgRequest, type PgResponse } from '../messages.ts';
import { errorReply } from '../semantics.ts';
import type { Asked } from './atoms.ts';
import { attempt, type Attempt, type Parts } from './attempt.ts';
import type { Plan } from './dare-plan.ts';
import { literal } from './ddl.ts';
import { applyWrite, footprintOf, mayWrite } from './effects.ts';
import { learn } from './lessons.ts';
import { kindOf, statementOf, type Node } from './parse.ts';
import { Oids, responseOf, sameAnswer } from './response.ts';
import { foundNothing, shownBy } from './shown.ts';
import type { Settings } from './session.ts';
import type { Source } from './state.ts';
import { Transactions, type Connection } from './transactions.ts';
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
  readonly #transactions: Transactions;
  readonly #when: string;

  readonly #isEnum: (type: number) => boolean;

  constructor(parts: RunParts) {
    this.#isEnum = (type) => parts.state.schema.enums.some(({ oid }) => oid === type);
    this.#parts = parts;
    this.#transactions = new Transactions(parts);
    this.#when = new Date(parts.at / 1000).toISOString().slice(11, 23);
  }

  end(): Promise<void> {
    return this.#transactions.end();
  }

  /** What the mock server answered by itself: transactions and settings. */
  async session(connection: string, request: Json): Promise<void> {
    const { sql } = pgRequestSchema.parse(request);
    const node = statementOf(sql);
    if (node) await this.#transactions.session(this.#transactions.of(connection), node);
  }

  /** `keep`: what it does stays done. */
  async ask(connection: string, request: Json, { keep = true } = {}): Promise<Answered> {
    const parsed = pgRequestSchema.parse(request);
    const mine = this.#transactions.of(connection);
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
    if (keep && response.error && mine.open) await this.#transactions.fail(mine);
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
    const mine = this.#transactions.of(connection);
    const node = statementOf(asked.sql);
    if (asked.describeOnly) return;
    const isSession =
      node !== null && ['TransactionStmt', 'VariableSetStmt', 'DiscardStmt'].includes(kindOf(node));
    if (isSession && !said.error) await this.#transactions.session(mine, node);
    else if (!isSession && !mine.failed) await this.#follow(mine, asked, said, node);
    if (said.error && mine.open) await this.#transactions.fail(mine);
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
    this.#transactions.lock(mine, node);
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
    const { beside, certain } = this.#transactions.besides(mine, footprint);
    applyWrite(state, write, certain);
    this.#transactions.applied(mine, footprint, beside);
  }

  #learn(mine: Connection, statement: Write): void {
    if (this.#transactions.othersWrite(mine) || mine.odd !== null) return;
    for (const lesson of shownBy(this.#parts.state, statement))
      learn(this.#parts.state, lesson, this.#source());
    if (!mine.open) this.#transactions.settle();
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
    const inside = this.#transactions.holder !== null;
    if (inside && this.#transactions.holder!.failed)
      return 'another connection has a failed transaction under way';
    const why = this.#transactions.inTheWay(mine, request, node);
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
      this.#transactions.isFree(mine, tried.plan) &&
      keep(tried, response);
    if (stays) await server.must(inside ? 'RELEASE SAVEPOINT vouch_ask' : 'COMMIT');
    else {
      await server.must(inside ? 'ROLLBACK TO SAVEPOINT vouch_ask' : 'ROLLBACK');
      if (inside) await server.must('RELEASE SAVEPOINT vouch_ask');
      state.undo(mark);
    }
    if (typeof tried === 'string') return tried;
    if (!response) return 'its values cannot be had in the binary form that was asked for';
    if (!this.#transactions.isFree(mine, tried.plan))
      return 'another connection has written to its tables, or holds rows of them, and has not ended its transaction';
    if (stays && mine.open)
      this.#transactions.wrote(
        mine,
        [...tried.plan.written].map(({ oid }) => oid),
      );
    this.#transactions.lock(mine, node);
    if (stays && !inside) this.#transactions.settle();
    const status = mine.open ? (response.error ? 'E' : 'T') : 'I';
    return { plan: tried.plan, response: { ...response, transaction: status } };
  }

  async #describe(mine: Connection, request: PgRequest): Promise<Answered> {
    const { server, oids } = this.#parts;
    if (mine.settings.odd !== null || mine.failed || this.#transactions.holder?.failed)
      return { dared: false, reason: 'the session is in a state that is not looked into' };
    const inside = this.#transactions.holder !== null;
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

  #asked(mine: Connection, request: PgRequest): Asked {
    return { params: request.params, types: request.paramTypes, settings: mine.settings.timeZone };
  }

  #source(): Source {
    return { exchange: null, at: this.#parts.at };
  }
}
