import { z } from 'zod';

/** What a PostgreSQL's catalog says: everything that decides what statements do, and no rows. Plain JSON, kept with a release. */
const columnSchema = z.object({
  name: z.string(),
  /** As in RowDescription: gaps are dropped columns. */
  number: z.number(),
  type: z.number(),
  /** As it is written in CREATE TABLE, with its modifier. */
  typeName: z.string(),
  modifier: z.number(),
  notNull: z.boolean(),
  default: z.string().nullable(),
  identity: z.enum(['always', 'default']).nullable(),
  generated: z.boolean(),
});
export type TableColumn = z.infer<typeof columnSchema>;

/** A set of columns of which no two rows are equal. In the order in which the server checks them. */
const keySchema = z.object({
  name: z.string(),
  columns: z.array(z.number()),
  primary: z.boolean(),
  /** A constraint, not only an index. */
  constraint: z.boolean(),
  deferrable: z.boolean(),
});
export type Key = z.infer<typeof keySchema>;

/** `n`: no action, `r`: restrict, `c`: cascade, `s`: set null, `d`: set default. */
const actionSchema = z.enum(['n', 'r', 'c', 's', 'd']);

const foreignSchema = z.object({
  name: z.string(),
  columns: z.array(z.number()),
  /** Oid of the other table, and its columns. */
  table: z.number(),
  references: z.array(z.number()),
  onDelete: actionSchema,
  onUpdate: actionSchema,
  definition: z.string(),
  deferrable: z.boolean(),
});
export type ForeignKey = z.infer<typeof foreignSchema>;

const checkSchema = z.object({ name: z.string(), columns: z.array(z.number()), definition: z.string() });

const tableSchema = z.object({
  oid: z.number(),
  schema: z.string(),
  name: z.string(),
  columns: z.array(columnSchema),
  keys: z.array(keySchema),
  foreign: z.array(foreignSchema),
  checks: z.array(checkSchema),
  /** As CREATE INDEX has them. */
  indexes: z.array(z.string()).default([]),
  /** Why reading it is not what it seems (row security, inheritance …), or null. */
  oddToRead: z.string().nullable(),
  /** Why writing to it does more than the statement says (triggers, rules …), or null. */
  oddToWrite: z.string().nullable(),
  /** What the app's own user may do. */
  may: z.array(z.enum(['SELECT', 'INSERT', 'UPDATE', 'DELETE'])),
});
export type Table = z.infer<typeof tableSchema>;

const sequenceSchema = z.object({
  oid: z.number(),
  schema: z.string(),
  name: z.string(),
  /** The column that takes its values from it. */
  owner: z.object({ table: z.number(), column: z.number() }).nullable(),
  type: z.string(),
  start: z.string(),
  increment: z.string(),
  cache: z.string(),
});
export type Sequence = z.infer<typeof sequenceSchema>;

const namedSchema = z.object({ schema: z.string(), name: z.string() });

export const pgSchemaSchema = z.object({
  version: z.literal(1),
  server: z.string(),
  /** Whether text is ordered by its bytes. */
  plainOrder: z.boolean(),
  searchPath: z.array(z.string()),
  tables: z.array(tableSchema),
  views: z.array(namedSchema.extend({ definition: z.string() })),
  enums: z.array(namedSchema.extend({ oid: z.number(), array: z.number(), labels: z.array(z.string()) })),
  sequences: z.array(sequenceSchema),
  /** Functions that are not PostgreSQL's own; the text of those that no extension brought. */
  functions: z.array(namedSchema.extend({ definition: z.string().nullable().default(null) })),
  triggers: z.array(namedSchema.extend({ table: z.string(), definition: z.string() })),
  /** Operators and casts that are not PostgreSQL's own: then a statement may mean anything. */
  ownOperators: z.number(),
});
export type PgSchema = z.infer<typeof pgSchemaSchema>;
