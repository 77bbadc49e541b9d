import { z } from 'zod';
import { bytesSchema, textOrBytesSchema } from '../bytes.ts';

/** A parameter or a cell: its text form (also where it was sent in binary form and its type is known), NULL, or bytes. */
const valueSchema = textOrBytesSchema.nullable();
export type PgValue = z.infer<typeof valueSchema>;

/** One execution of one statement; a simple query of several statements is several of these. */
export const pgRequestSchema = z.object({
  kind: z.enum(['simple', 'extended']),
  sql: z.string(),
  params: z.array(valueSchema),
  /** Type oids, from Parse or else from the server's description; 0 where neither told. */
  paramTypes: z.array(z.number()),
  /** As in Bind: none (all text), one for all, or one a column; 0 text, 1 binary. */
  resultFormats: z.array(z.number()),
  /** The statement was described (types of its parameters and columns) and not executed. */
  describeOnly: z.boolean().default(false),
  /** How often this portal was executed before: later parts of a result fetched with a row limit. */
  part: z.number().default(0),
  /** What COPY … FROM STDIN was given, at most 1 MiB of it. */
  copy: z.object({ bytes: z.number(), first: bytesSchema }).nullable().default(null),
});
export type PgRequest = z.infer<typeof pgRequestSchema>;

const columnSchema = z.object({
  name: z.string(),
  /** Oid of the table and number of the attribute, if the column is a plain column of a table; else 0. */
  table: z.number(),
  attribute: z.number(),
  /** Type oid, its size (negative: variable) and modifier. */
  type: z.number(),
  size: z.number(),
  modifier: z.number(),
  format: z.number(),
});
export type Column = z.infer<typeof columnSchema>;

/** Fields of an error or a notice by their letter (PostgreSQL documentation, "Error and Notice Message Fields"). */
const fieldsSchema = z.record(z.string(), z.string());

const pgErrorSchema = z.object({
  severity: z.string(),
  code: z.string(),
  message: z.string(),
  fields: fieldsSchema,
});
export type PgError = z.infer<typeof pgErrorSchema>;

export const pgResponseSchema = z.object({
  /** Null: no rows were described (a command without a result, or a client that did not ask). */
  columns: z.array(columnSchema).nullable(),
  rows: z.array(z.array(valueSchema)),
  /** `SELECT 3`, `INSERT 0 1`; null after an error, and '' for an empty query. */
  tag: z.string().nullable(),
  error: pgErrorSchema.nullable(),
  /** At the ReadyForQuery that followed: idle, in a transaction, in a failed one. */
  transaction: z.enum(['I', 'T', 'E']).nullable(),
  notices: z.array(pgErrorSchema),
  /** Types of the parameters as the server described them; null if it was not asked. */
  parameterOids: z.array(z.number()).nullable().default(null),
  /** The row limit of Execute was reached; more rows are to come. */
  suspended: z.boolean().default(false),
  /** COPY … TO STDOUT: what came. */
  copyOut: z.object({ format: z.number(), columns: z.number(), data: bytesSchema }).nullable().default(null),
});
export type PgResponse = z.infer<typeof pgResponseSchema>;

/** How a connection began. */
const openingSchema = z.object({
  /** Null: the connection was there before the recording. */
  database: z.string().nullable(),
  user: z.string(),
  /** Settings that the client gave at the start, and those that the server reports of itself then. */
  given: z.record(z.string(), z.string()),
  reported: z.record(z.string(), z.string()),
});
export type PgOpening = z.infer<typeof openingSchema>;

/** `Decoder.facts`: what a mock server needs that is not in any exchange. */
export const pgFactsSchema = z.object({
  /** ParameterStatus: `server_version`, `TimeZone` … */
  parameters: z.record(z.string(), z.string()),
  /** How the server wanted the client to prove itself. */
  authentication: z.string().nullable(),
  /** The error with which the server ended the start-up, if it did. */
  refused: pgErrorSchema.nullable(),
  /** What Describe told of statements, by normalised text. */
  statements: z.array(
    z.object({
      sql: z.string(),
      parameterOids: z.array(z.number()),
      columns: z.array(columnSchema).nullable(),
    }),
  ),
  /** Those that differ. */
  openings: z.array(openingSchema).default([]),
});
export type PgFacts = z.infer<typeof pgFactsSchema>;
