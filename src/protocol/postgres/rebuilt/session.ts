import type { TransactionStmt } from 'libpg-query';
import { VouchError } from '../../../lib/errors.ts';
import type { Json } from '../../../lib/json.ts';
import { fixedZone } from '../meaning.ts';
import { pgFactsSchema, type PgOpening } from '../messages.ts';
import { as, kindOf, words, type Node } from './parse.ts';

/** What a connection has set that decides what statements mean. */
export interface Settings {
  /** As SET gave them or the server reported them at the start. */
  timeZone: string;
  /** Something was set that we do not follow. */
  odd: string | null;
}

/** What every connection begins with; throws where they differ, since a server holds one database and one way to mean things. */
export function startOf(facts: Json | null): Settings {
  const { openings } = pgFactsSchema.nullable().parse(facts) ?? { openings: [] };
  if (openings.length === 0 || openings.some(({ database }) => database === null))
    throw new VouchError('inconclusive', 'how the connections to it began was not seen');
  const databases = [...new Set(openings.map(({ database }) => database))];
  if (databases.length > 1)
    throw new VouchError('inconclusive', `the app uses several of its databases: ${databases.join(', ')}`);
  const [first, ...others] = openings.map(settingsOf);
  if (others.some(({ timeZone, odd }) => timeZone !== first!.timeZone || odd !== first!.odd))
    throw new VouchError('inconclusive', 'connections to it began with different settings');
  return first!;
}

function settingsOf({ given, reported }: PgOpening): Settings {
  const strange =
    Object.entries(given).find(([name, value]) => !isHarmless(name.toLowerCase(), value))?.[0] ??
    Object.entries(EXPECTED).find(([name, form]) => !form.test(reported[name] ?? ''))?.[0];
  return {
    timeZone: reported['TimeZone'] ?? 'UTC',
    odd: strange === undefined ? null : `connections began with a ${strange} of their own`,
  };
}

function isHarmless(name: string, value: string): boolean {
  if (name === 'search_path') return isUsualPath(value.split(','));
  if (name === 'extra_float_digits') return Number(value) > 0;
  if (name !== 'options') return HARMLESS.has(name) || REPORTED.has(name);
  // As the server reads them: `-c name=value` and `--name=value`, one after the other.
  const rest = value.replace(/\s*(?:-c\s*|--)([\w-]+)=(\S+)/g, (whole, inner: string, of: string) =>
    isHarmless(inner.toLowerCase().replaceAll('-', '_'), of) ? '' : whole,
  );
  return rest.trim() === '';
}

/** Where names are looked for by themselves. */
function isUsualPath(schemas: readonly string[]): boolean {
  const names = schemas.map((schema) => schema.trim().replace(/^"(.*)"$/, '$1'));
  return names.at(-1) === 'public' && names.slice(0, -1).every((name) => name === '$user');
}

/** What they are set to, the server says. */
const REPORTED: ReadonlySet<string> = words('timezone datestyle intervalstyle');
const EXPECTED: Readonly<Record<string, RegExp>> = {
  client_encoding: /^UTF-?8$/i,
  standard_conforming_strings: /^on$/,
  DateStyle: /^ISO/,
  IntervalStyle: /^postgres$/,
};

/** Settings that change no answer. */
const HARMLESS: ReadonlySet<string> = words(
  'application_name statement_timeout lock_timeout idle_in_transaction_session_timeout ' +
    'idle_session_timeout transaction_timeout client_min_messages client_encoding standard_conforming_strings extra_float_digits ' +
    'synchronous_commit work_mem tcp_keepalives_idle jit',
);

/** What a SET, RESET or DISCARD does to a connection; undefined for any other statement. */
export function settingsAfter(settings: Settings, start: Settings, node: Node): Settings | undefined {
  if (kindOf(node) === 'DiscardStmt')
    return as(node, 'DiscardStmt')?.target === 'DISCARD_ALL' ? start : settings;
  const set = as(node, 'VariableSetStmt');
  if (!set) return undefined;
  const name = (set.name ?? '').toLowerCase();
  if (set.kind === 'VAR_RESET_ALL') return start;
  const given = set.args?.[0];
  // SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE
  const value = as(as(given, 'TypeCast')?.arg ?? given, 'A_Const');
  const text = value?.sval?.sval ?? '';
  if (
    name === 'extra_float_digits' &&
    set.kind === 'VAR_SET_VALUE' &&
    !((value?.ival?.ival ?? Number(text)) > 0)
  )
    return { ...settings, odd: 'numbers are shown with fewer digits' };
  if (name === 'client_encoding' && !/^utf-?8$|^unicode$/i.test(text))
    return { ...settings, odd: `client_encoding is ${text}` };
  if (name === 'standard_conforming_strings' && !/^on$/i.test(text))
    return { ...settings, odd: 'strings are written in another way' };
  if (HARMLESS.has(name)) return settings;
  if (name === 'timezone' && set.kind === 'VAR_SET_DEFAULT') return { ...settings, timeZone: start.timeZone };
  if (name === 'timezone' && set.kind === 'VAR_SET_VALUE' && !set.is_local) {
    const hours = value?.ival ? String(value.ival.ival ?? 0) : (value?.fval?.fval ?? text);
    if (hours !== '') return { ...settings, timeZone: fixedZone(hours) ?? text };
  }
  if (name === 'datestyle' && /^iso/i.test(text)) return settings;
  if (name === 'search_path') {
    const schemas = (set.args ?? []).map((arg) => as(arg, 'A_Const')?.sval?.sval ?? '');
    if (set.kind === 'VAR_SET_VALUE' && isUsualPath(schemas)) return settings;
  }
  return { ...settings, odd: `${name} was set` };
}

export type Step = 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollback-to' | 'odd';

/** What a statement does to its connection's transaction; undefined for any other statement. */
export function stepOf(node: Node): { step: Step; name: string; plain: boolean } | undefined {
  const statement: TransactionStmt | undefined = as(node, 'TransactionStmt');
  if (!statement) return undefined;
  const steps: Readonly<Record<string, Step>> = {
    TRANS_STMT_BEGIN: 'begin',
    TRANS_STMT_START: 'begin',
    TRANS_STMT_COMMIT: 'commit',
    TRANS_STMT_ROLLBACK: 'rollback',
    TRANS_STMT_SAVEPOINT: 'savepoint',
    TRANS_STMT_RELEASE: 'release',
    TRANS_STMT_ROLLBACK_TO: 'rollback-to',
  };
  const step = steps[statement.kind ?? ''] ?? 'odd';
  return {
    step: statement.chain ? 'odd' : step,
    name: statement.savepoint_name ?? '',
    plain: (statement.options ?? []).every(isPlain),
  };
}

/** READ COMMITTED is what transactions are by themselves: each statement sees what is committed by then. */
function isPlain(option: Node): boolean {
  const element = as(option, 'DefElem');
  const level = as(element?.arg, 'A_Const')?.sval?.sval;
  return element?.defname === 'transaction_isolation' ? level === 'read committed' : true;
}
