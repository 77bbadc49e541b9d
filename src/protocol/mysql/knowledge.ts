import type { Json } from '../../lib/json.ts';
import type { Decoded } from '../port.ts';
import type { Greeting } from './handshake.ts';
import { myRequestSchema, myResponseSchema, type Column, type MyFacts } from './messages.ts';
import type { PreparedStatement } from './run.ts';
import { normaliseSql } from './sql.ts';
import { assignments, isVariable, selectedItems, shownVariable } from './variables.ts';

const MAX_STATEMENTS = 500;
const MAX_VARIABLES = 500;

/** What a decoder learns that is in no exchange (`Decoder.facts`). */
export class Knowledge {
  readonly facts: MyFacts = {
    serverVersion: null,
    capabilities: 0,
    mariadbCapabilities: 0,
    charset: 0,
    authentication: null,
    refused: null,
    variables: {},
    statements: [],
  };
  #statements = new Map<string, MyFacts['statements'][number]>();
  #assigned = new Set<string>();

  greeted({ serverVersion, capabilities, mariadbCapabilities, charset, plugin }: Greeting): void {
    Object.assign(this.facts, { serverVersion, capabilities, mariadbCapabilities, charset });
    this.facts.authentication ??= plugin === '' ? null : plugin;
  }

  prepared({ sql, flaw, params, columns, refused }: PreparedStatement): void {
    if (flaw !== null) return;
    const text = normaliseSql(sql);
    const known = this.#statements.get(text);
    if (!known && this.#statements.size >= MAX_STATEMENTS) return;
    // One that failed once may fail again: the recording is asked then.
    const failed = refused || known?.refused === true;
    this.#statements.set(text, {
      sql: text,
      params: refused ? (known?.params ?? []) : params,
      columns: refused ? (known?.columns ?? []) : [...(columns ?? [])],
      refused: failed,
    });
  }

  /** What a program asked of its session. */
  heard({ request, response, complete }: Decoded): void {
    if (!complete || response === null) return;
    const { sql } = myRequestSchema.parse(request);
    if (sql.length > 10_000) return;
    // From then on the program tells what it has set itself.
    for (const [name] of assignments(sql)) this.#assigned.add(name);
    const items = selectedItems(sql);
    const shown = items === null && shownVariable(sql) !== undefined;
    if (items === null && !shown) return;
    const { rows, columns } = myResponseSchema.parse(response);
    if (shown) {
      for (const [name, value] of rows)
        if (typeof name === 'string' && isText(value)) this.#learn(name.toLowerCase(), value, null);
      return;
    }
    for (const [index, item] of items!.entries()) {
      const value = rows[0]?.[index];
      if (item.variable !== null && isText(value))
        this.#learn(item.variable, value, columns?.[index] ?? null);
    }
  }

  #learn(name: string, value: string | null, column: Column | null): void {
    const { variables } = this.facts;
    if (
      this.#assigned.has(name) ||
      !isVariable(name) ||
      (!(name in variables) && Object.keys(variables).length >= MAX_VARIABLES)
    )
      return;
    variables[name] = { value, column: column ?? variables[name]?.column ?? null };
  }

  known(): Json {
    const { serverVersion, refused } = this.facts;
    const known = serverVersion !== null || refused !== null || this.#statements.size > 0;
    return known ? { ...this.facts, statements: [...this.#statements.values()] } : null;
  }
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
