import type { Exchange } from '../../port.ts';
import { applyWrite, changesSchema, footprintOf, type Footprint } from './effects.ts';
import { CONTRADICTION, learn, type Lesson } from './lessons.ts';
import { as, loadParser } from './parse.ts';
import { shownBy } from './shown.ts';
import type { PgSchema, Table } from './schema.ts';
import type { Settings } from './session.ts';
import { bareRow, rowKey, State } from './state.ts';
import { timelineOf, type Item } from './timeline.ts';
import { countOf } from './write.ts';

export interface Snapshot {
  at: number;
  state: State;
}

/** What was recorded with one PostgreSQL, read once. */
export class Knowledge {
  readonly #schema: PgSchema;
  readonly #items: readonly Item[];
  readonly #footprints = new Map<Item, Footprint>();

  /** When the schema was read. */
  readonly #takenAt: number;

  private constructor(schema: PgSchema, items: readonly Item[], takenAt: number) {
    this.#schema = schema;
    this.#takenAt = takenAt;
    this.#items = items;
    const state = new State(schema);
    for (const item of items) if (item.kind === 'write') this.#footprints.set(item, footprintOf(state, item));
  }

  /** `exchanges`: all that was recorded with one database of it. `start`: the settings with which connections begin. */
  static async read(
    schema: PgSchema,
    exchanges: readonly Exchange[],
    start: Settings,
    takenAt = 0,
  ): Promise<Knowledge> {
    await loadParser();
    return new Knowledge(schema, timelineOf(new State(schema), exchanges, start), takenAt);
  }

  /** What was so at a moment: proved by what came before it, and by what came after where nothing was written in between. */
  at(moment: number): Snapshot {
    const state = new State(this.#schema);
    const between = this.#writes().find(
      (item) => changesSchema(item) && item.from > moment && item.from < this.#takenAt,
    );
    if (between)
      for (const table of this.#schema.tables)
        state.distrust(
          table,
          `its schema was read after ${between.sql.slice(0, 60)}, which came later than this`,
        );
    for (const item of this.#items) {
      if (item.kind === 'read') {
        if (item.to <= moment) this.#read(state, item);
        continue;
      }
      if (item.from > moment) continue;
      // The schema is that of afterwards; of the rows before nothing is known.
      if (changesSchema(item) && item.to <= Math.min(moment, this.#takenAt)) {
        state.forgetAll();
        continue;
      }
      // What was under way at the moment may or may not have taken effect.
      applyWrite(state, item, item.certain && item.visibleTo <= moment && !this.#isContested(item));
    }
    this.#lookAhead(state, moment);
    state.settle();
    return { at: moment, state };
  }

  #read(state: State, item: Item): void {
    const around = this.#writes().filter(
      (write) =>
        write.connection !== item.connection && write.visibleFrom < item.to && write.visibleTo > item.from,
    );
    this.#learn(
      state,
      item,
      around.map((write) => this.#footprints.get(write)!),
    );
  }

  /** What a read shows, but for what may have changed just then. */
  #learn(state: State, item: Item, disturbed: readonly Footprint[]): void {
    if (!item.shows) return;
    for (const lesson of shownBy(state, item)) {
      const touched = disturbed.map((footprint) =>
        footprint === 'everything' ? 'all' : footprint.get(lesson.table),
      );
      if (touched.includes('all')) continue;
      const ids = new Set(touched.flatMap((one) => (one instanceof Set ? [...one] : [])));
      this.#take(state, lesson, item, ids);
    }
  }

  #take(state: State, lesson: Lesson, item: Item, touched: ReadonlySet<string>): void {
    // A row that came, went or changed meanwhile has an entry, so that what is complete stays so.
    const news = lesson.complete !== null && state.proofOf(lesson.table, lesson.complete) === undefined;
    if (news && rowKey(this.#schema, lesson.table))
      for (const id of touched)
        if (!state.row(lesson.table, id))
          state.setRow(lesson.table, id, bareRow(this.#schema, lesson.table, id, 'maybe', item.source));
    learn(state, news ? lesson : { ...lesson, complete: null }, item.source, (id) => touched.has(id));
  }

  /** Reads after the moment say what held at it, where nothing was written in between. */
  #lookAhead(state: State, moment: number): void {
    // What a write touches may be seen from its beginning on.
    const writes = this.#writes().filter(({ visibleTo }) => visibleTo > moment);
    writes.sort((a, b) => a.visibleFrom - b.visibleFrom);
    const touched = new Map<Table, 'all' | Set<string>>();
    let next = 0;
    for (const item of this.#items
      .filter(({ kind, to }) => kind === 'read' && to > moment)
      .sort((a, b) => a.to - b.to)) {
      for (; next < writes.length && writes[next]!.visibleFrom < item.to; next++) {
        const write = writes[next]!;
        const footprint = this.#footprints.get(write)!;
        if (footprint === 'everything') return;
        if (write.certain && write.from > moment && !this.#mayComeFirst(write, footprint, writes, next + 1))
          this.#learnOfBefore(state, write, footprint, touched);
        for (const [table, ids] of footprint) merge(touched, table, ids);
      }
      if (item.from > moment) this.#learn(state, item, [touched]);
    }
  }

  /** Whether one that began later may have taken effect on the same rows before it. */
  #mayComeFirst(write: Item, footprint: Footprint, writes: readonly Item[], from: number): boolean {
    for (let at = from; at < writes.length && writes[at]!.visibleFrom < write.visibleTo; at++)
      if (overlaps(footprint, this.#footprints.get(writes[at]!)!)) return true;
    return false;
  }

  /** What a write took effect on was there before it, or was not. */
  #learnOfBefore(
    state: State,
    write: Item,
    footprint: Footprint,
    touched: ReadonlyMap<Table, 'all' | Set<string>>,
  ): void {
    if (footprint === 'everything' || !write.node) return;
    const insert = as(write.node, 'InsertStmt');
    if (insert ? insert.onConflictClause : countOf(write.response) !== 1) return;
    for (const [table, ids] of footprint) {
      if (ids === 'all' || touched.get(table) === 'all') continue;
      for (const id of ids) {
        const before = state.row(table, id);
        if ((touched.get(table) as Set<string> | undefined)?.has(id) || (before && before.exists !== 'maybe'))
          continue;
        const row = bareRow(this.#schema, table, id, insert ? 'no' : 'yes', write.source);
        if (!insert && !before && state.complete(table).some(({ atoms }) => state.fulfils(table, row, atoms)))
          return state.distrust(table, `${table.name} ${CONTRADICTION}`);
        state.setRow(
          table,
          id,
          insert ? row : { ...row, cells: new Map([...row.cells, ...(before?.cells ?? [])]) },
        );
        // It had no entry where all had one that fulfil these.
        if (!before) for (const { atoms } of state.complete(table)) state.exclude(table, id, atoms);
      }
    }
  }

  /** Another connection's write to the same rows was under way at the same time: which came first is not known. */
  #isContested(item: Item): boolean {
    const mine = this.#footprints.get(item)!;
    return this.#writes().some(
      (other) =>
        other.connection !== item.connection &&
        other.from < item.visibleTo &&
        other.visibleTo > item.from &&
        overlaps(mine, this.#footprints.get(other)!),
    );
  }

  #writes(): Item[] {
    return [...this.#footprints.keys()];
  }
}

function merge(into: Map<Table, 'all' | Set<string>>, table: Table, ids: 'all' | Set<string>): void {
  const before = into.get(table);
  into.set(table, before === 'all' || ids === 'all' ? 'all' : new Set([...(before ?? []), ...ids]));
}

function overlaps(a: Footprint, b: Footprint): boolean {
  if (a === 'everything' || b === 'everything') return true;
  for (const [table, ids] of a) {
    const others = b.get(table);
    if (others === undefined) continue;
    if (ids === 'all' || others === 'all') return true;
    for (const id of ids) if (others.has(id)) return true;
  }
  return false;
}
