import { z } from 'zod';
import { textOrBytesSchema } from '../bytes.ts';

/** A parameter or a cell: its text form (also where it was sent in binary form), NULL, or bytes. */
const valueSchema = textOrBytesSchema.nullable();
export type MyValue = z.infer<typeof valueSchema>;

/** One execution of one statement; a query of several statements is several of these. */
export const myRequestSchema = z.object({
  /** COM_QUERY and COM_INIT_DB are simple, statements that were prepared extended. */
  kind: z.enum(['simple', 'extended']),
  sql: z.string(),
  params: z.array(valueSchema),
  /** Types of the parameters as bound, 0x8000 added where they are unsigned. */
  paramTypes: z.array(z.number()),
  /** The statement was prepared and not executed: only where that failed, since a success holds no data. */
  prepareOnly: z.boolean().default(false),
  /** How many rows of parameters a bulk execution of MariaDB has, one after the other in `params`. */
  bulk: z.number().nullable().default(null),
  /** The default database, where it is known and another than the connection began with. */
  database: z.string().nullable().default(null),
});
export type MyRequest = z.infer<typeof myRequestSchema>;

/** ColumnDefinition41. `extended` is MariaDB's extended type information, base64. */
const columnSchema = z.object({
  schema: z.string(),
  table: z.string(),
  orgTable: z.string(),
  name: z.string(),
  orgName: z.string(),
  charset: z.number(),
  length: z.number(),
  type: z.number(),
  flags: z.number(),
  decimals: z.number(),
  extended: z.string().nullable().default(null),
});
export type Column = z.infer<typeof columnSchema>;

const myErrorSchema = z.object({ code: z.number(), state: z.string(), message: z.string() });
export type MyError = z.infer<typeof myErrorSchema>;

const resultSchema = z.object({
  /** Null: a command without rows. */
  columns: z.array(columnSchema).nullable(),
  rows: z.array(z.array(valueSchema)),
  affectedRows: z.number(),
  /** Decimal text: it has 64 bits. */
  insertId: z.string(),
  warnings: z.number(),
  /** Status flags; null where none came. */
  status: z.number().nullable(),
  /** The text of an OK: `Rows matched: 1  Changed: 1  Warnings: 0`. */
  info: z.string(),
  error: myErrorSchema.nullable(),
});
export type MyResult = z.infer<typeof resultSchema>;

/** The first result, and what came after it for the same statement (CALL). */
export const myResponseSchema = resultSchema.extend({ more: z.array(resultSchema).default([]) });
export type MyResponse = z.infer<typeof myResponseSchema>;

/** `Decoder.facts`: what a mock server needs that is not in any exchange. */
export const myFactsSchema = z.object({
  serverVersion: z.string().nullable(),
  /** Capabilities that the server offered: MySQL's, and MariaDB's own. */
  capabilities: z.number(),
  mariadbCapabilities: z.number(),
  charset: z.number(),
  /** How the server wanted the client to prove itself in the end. */
  authentication: z.string().nullable(),
  /** The error with which the server refused the connection, if it did. */
  refused: myErrorSchema.nullable(),
  /** Session variables as servers told them, by lower-case name. */
  variables: z.record(
    z.string(),
    z.object({ value: z.string().nullable(), column: columnSchema.nullable() }),
  ),
  /** What the server told of prepared statements, by normalised text; `refused`: preparing it has failed. */
  statements: z.array(
    z.object({
      sql: z.string(),
      params: z.array(columnSchema),
      columns: z.array(columnSchema),
      refused: z.boolean(),
    }),
  ),
});
export type MyFacts = z.infer<typeof myFactsSchema>;
