import { foreignSql, literal, preludeSql, tableSql } from './ddl.ts';
import type { Snapshot } from './knowledge.ts';
import { loadParser } from './parse.ts';
import { oidPairs, Oids } from './response.ts';
import { Rows } from './rows.ts';
import type { PgSchema, Table } from './schema.ts';
import type { Settings } from './session.ts';
import { Server } from './server.ts';
import { Run } from './run.ts';

/** A server with the tables of a schema; it serves one rebuilt state at a time. */
export class RebuiltPostgres {
  readonly #schema: PgSchema;
  readonly #start: Settings;
  readonly #server: Server;
  readonly #rows: Rows;
  /** Tables that our server has. Others have types or parts that it does not know. */
  readonly #tables: readonly Table[];
  readonly #oids: Oids;
  #run: Run | undefined;

  private constructor(
    schema: PgSchema,
    start: Settings,
    server: Server,
    tables: readonly Table[],
    oids: Oids,
  ) {
    this.#schema = schema;
    this.#start = start;
    this.#server = server;
    this.#tables = tables;
    this.#rows = new Rows(server);
    this.#oids = oids;
  }

  /** Takes a second or two. */
  static async warm(schema: PgSchema, start: Settings): Promise<RebuiltPostgres> {
    await loadParser();
    const server = await Server.open();
    for (const sql of preludeSql(schema)) await server.must(sql);
    const tables: Table[] = [];
    for (const table of schema.tables)
      if (table.oddToRead === null && (await makes(server, tableSql(schema, table)))) tables.push(table);
    for (const table of tables)
      for (const sql of foreignSql(table)) {
        // One that points to a table that is not there, which is not dared anyway.
        const { error } = await server.run(sql);
        if (error) continue;
      }
    await server.must(`SELECT set_config('search_path', ${literal(schema.searchPath.join(', '))}, false)`);
    return new RebuiltPostgres(schema, start, server, tables, await oidsOf(server, schema));
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** A state of its own for one run; the one before ends. */
  async fresh(snapshot: Snapshot): Promise<Run> {
    await this.#run?.end();
    await this.#rows.clear(this.#tables);
    const state = snapshot.state.copy();
    for (const table of this.#schema.tables)
      if (!this.#tables.includes(table))
        state.distrust(table, `${table.name} has parts that are not looked into`);
    await this.#server.must('BEGIN');
    await this.#rows.sync(state, this.#tables);
    await this.#server.must('COMMIT');
    state.settle();
    this.#run = new Run({
      state,
      server: this.#server,
      rows: this.#rows,
      tables: this.#tables,
      oids: this.#oids,
      start: this.#start,
      at: snapshot.at,
    });
    return this.#run;
  }
}

async function makes(server: Server, statements: readonly string[]): Promise<boolean> {
  await server.must('BEGIN');
  for (const sql of statements) {
    const { error } = await server.run(sql);
    if (!error) continue;
    await server.must('ROLLBACK');
    return false;
  }
  await server.must('COMMIT');
  return true;
}

async function oidsOf(server: Server, schema: PgSchema): Promise<Oids> {
  const oids = new Oids();
  for (const { sql, theirs } of oidPairs(schema)) {
    const { rows } = await server.must(`SELECT ${sql}`);
    const ours = rows[0]?.[0];
    if (ours) oids.pair(theirs, Number(ours));
  }
  return oids;
}
