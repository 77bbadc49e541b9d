import { pgSchemaSchema, type PgSchema } from './schema.ts';

/** Runs one statement and gives its rows as objects. Several calls come on one connection. */
type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

const TIMEOUT_MS = 10_000;

/** What is not PostgreSQL's own. */
const OURS = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'`;

const COLUMNS = `(SELECT coalesce(json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'type', a.atttypid::int8,
  'typeName', format_type(a.atttypid, a.atttypmod), 'modifier', a.atttypmod, 'notNull', a.attnotnull,
  'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
  'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'default' END,
  'generated', a.attgenerated <> '') ORDER BY a.attnum), '[]')
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

// A predicate, an expression or an INCLUDE makes an index say less than its columns do.
const PLAIN_UNIQUE = `i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts`;

const KEYS = `(SELECT coalesce(json_agg(json_build_object('name', x.relname, 'columns', i.indkey::int2[], 'primary', i.indisprimary,
  'constraint', k.oid IS NOT NULL, 'deferrable', NOT i.indimmediate) ORDER BY x.oid), '[]')
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.contype IN ('p', 'u')
  WHERE i.indrelid = c.oid AND ${PLAIN_UNIQUE} AND NOT coalesce((to_jsonb(i)->>'indnullsnotdistinct')::bool, false))`;

const FOREIGN = `(SELECT coalesce(json_agg(json_build_object('name', k.conname, 'columns', k.conkey, 'table', k.confrelid::int8,
  'references', k.confkey, 'onDelete', translate(k.confdeltype::text, 'arcnd', 'nrcsd'), 'onUpdate', translate(k.confupdtype::text, 'arcnd', 'nrcsd'),
  'definition', pg_get_constraintdef(k.oid), 'deferrable', k.condeferrable) ORDER BY k.oid), '[]')
  FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f')`;

const CHECKS = `(SELECT coalesce(json_agg(json_build_object('name', k.conname, 'columns', coalesce(k.conkey, '{}'),
  'definition', pg_get_constraintdef(k.oid)) ORDER BY k.conname), '[]')
  FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')`;

const INDEXES = `(SELECT coalesce(json_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid), '[]') FROM pg_index i WHERE i.indrelid = c.oid)`;

const ODD_TO_READ = `CASE WHEN c.relkind = 'p' THEN 'it is partitioned' WHEN c.relkind = 'f' THEN 'its rows lie elsewhere'
  WHEN c.relrowsecurity THEN 'row security decides which rows are seen'
  WHEN EXISTS (SELECT FROM pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent)) THEN 'it shares rows with other tables'
  WHEN c.reloftype <> 0 THEN 'it is of a composite type' END`;

const ODD_TO_WRITE = `CASE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) THEN 'it has a trigger'
  WHEN EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid) THEN 'it has a rule'
  WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND ((i.indisunique AND NOT (${PLAIN_UNIQUE})) OR i.indisexclusion
    OR coalesce((to_jsonb(i)->>'indnullsnotdistinct')::bool, false)))
    THEN 'it has an index that decides which rows may stand together' END`;

const MAY = `(SELECT coalesce(json_agg(p), '[]') FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) p WHERE has_table_privilege(c.oid, p))`;

/** Extensions' operators of types that a table does not use do no harm; a table that does use them is not dared by its type. */
const OWN_OPERATORS = `(SELECT count(*) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${OURS}
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = o.oid AND e.deptype = 'e'))
  + (SELECT count(*) FROM pg_cast x WHERE x.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = x.oid AND e.deptype = 'e'))`;

const SCHEMA = `SELECT json_build_object('version', 1, 'server', current_setting('server_version'),
  'plainOrder', (SELECT datcollate IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8') FROM pg_database WHERE datname = current_database()),
  'searchPath', to_json(current_schemas(false)),
  'tables', (SELECT coalesce(json_agg(json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'columns', ${COLUMNS},
      'keys', ${KEYS}, 'foreign', ${FOREIGN}, 'checks', ${CHECKS}, 'indexes', ${INDEXES}, 'oddToRead', ${ODD_TO_READ}, 'oddToWrite', ${ODD_TO_WRITE}, 'may', ${MAY}) ORDER BY c.oid), '[]')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f') AND ${OURS}),
  'views', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'definition', pg_get_viewdef(c.oid))), '[]')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${OURS}),
  'enums', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', t.typname, 'oid', t.oid::int8, 'array', t.typarray::int8,
      'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))), '[]')
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND ${OURS}),
  'sequences', (SELECT coalesce(json_agg(json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname,
      'owner', (SELECT json_build_object('table', d.refobjid::int8, 'column', d.refobjsubid) FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 LIMIT 1),
      'type', format_type(s.seqtypid, NULL), 'start', s.seqstart::text, 'increment', s.seqincrement::text, 'cache', s.seqcache::text)), '[]')
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${OURS}),
  'functions', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', p.proname,
      'definition', CASE WHEN p.prokind IN ('f', 'p') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e') THEN pg_get_functiondef(p.oid) END)), '[]')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${OURS}),
  'triggers', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'table', c.relname, 'name', t.tgname, 'definition', pg_get_triggerdef(t.oid))), '[]')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND ${OURS}),
  'ownOperators', ${OWN_OPERATORS})::text AS schema`;

/** Reads the catalog, never a row, in a transaction that could not write. */
export async function readSchema(query: Query): Promise<PgSchema> {
  await query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await query(`SET LOCAL statement_timeout = ${TIMEOUT_MS}`);
    const [row] = await query(SCHEMA);
    return pgSchemaSchema.parse(JSON.parse(String(row?.['schema'])));
  } finally {
    await query('ROLLBACK');
  }
}
