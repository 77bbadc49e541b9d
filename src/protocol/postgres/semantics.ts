import { codeOf } from './sql.ts';
import { pingOf, reportedSetting, shownParameter } from './meaning.ts';
import type { Column, PgError, PgResponse } from './messages.ts';

type Status = 'I' | 'T' | 'E';

/** What a session knows that the semantics of its own statements depend on. */
export interface SessionState {
  status: Status;
  parameters: Record<string, string>;
}

function reply(tag: string | null, part: Partial<PgResponse> = {}): PgResponse {
  return {
    columns: null,
    rows: [],
    tag,
    error: null,
    transaction: null,
    notices: [],
    parameterOids: null,
    suspended: false,
    copyOut: null,
    ...part,
  };
}

export function errorReply(code: string, message: string, severity = 'ERROR'): PgResponse {
  return reply(null, { error: pgError(code, message, severity) });
}

export function pgError(code: string, message: string, severity = 'ERROR'): PgError {
  return { severity, code, message, fields: { S: severity, V: severity, C: code, M: message } };
}

/** Whether a failed transaction lets this statement through. */
export function endsTransaction(sql: string): boolean {
  return /^(COMMIT|END|ROLLBACK|ABORT)\b/.test(codeOf(sql));
}

/**
 * The answer to a statement without data, and what it does to the session: transactions as PostgreSQL does them
 * (COMMIT of a failed transaction rolls back, ROLLBACK TO mends it), SET of reported parameters, SHOW, pings.
 */
export function answerHousekeeping(sql: string, state: SessionState): PgResponse {
  const code = codeOf(sql);
  if (code === '') return reply('');
  const ping = pingOf(sql);
  if (ping) return oneCell(ping.column, 23, 4, ping.value, 'SELECT 1');
  const shown = shownParameter(sql);
  if (shown !== undefined) return oneCell(shown, 25, -1, state.parameters[shown] ?? '', 'SHOW');
  const [first, second] = code.split(/[ (]/);
  switch (first) {
    case 'BEGIN':
    case 'START': {
      const tag = first === 'START' ? 'START TRANSACTION' : 'BEGIN';
      if (state.status !== 'I') return warned(tag, '25001', 'there is already a transaction in progress');
      state.status = 'T';
      return reply(tag);
    }
    case 'COMMIT':
    case 'END':
    case 'ROLLBACK':
    case 'ABORT':
      return endTransaction(code, first, state);
    case 'SAVEPOINT':
    case 'RELEASE':
      return state.status === 'I'
        ? errorReply('25P01', `${first} can only be used in transaction blocks`)
        : reply(first);
    case 'SET': {
      const setting = reportedSetting(sql);
      if (setting) state.parameters[setting.name] = setting.value;
      return reply('SET');
    }
    case 'DISCARD':
      return reply(`DISCARD ${second ?? ''}`.trim());
    case 'DEALLOCATE':
      return reply(/\bALL$/.test(code) ? 'DEALLOCATE ALL' : 'DEALLOCATE');
    default: // RESET, LISTEN, UNLISTEN
      return reply(first ?? '');
  }
}

function endTransaction(code: string, first: string, state: SessionState): PgResponse {
  if (/^ROLLBACK (WORK |TRANSACTION )?TO\b/.test(code)) {
    if (state.status === 'I')
      return errorReply('25P01', 'ROLLBACK TO SAVEPOINT can only be used in transaction blocks');
    state.status = 'T';
    return reply('ROLLBACK');
  }
  const { status } = state;
  const back = status === 'E' || first === 'ROLLBACK' || first === 'ABORT';
  state.status = /\bAND CHAIN$/.test(code) && status !== 'I' ? 'T' : 'I';
  const tag = back ? 'ROLLBACK' : 'COMMIT';
  return status === 'I' ? warned(tag, '25P01', 'there is no transaction in progress') : reply(tag);
}

function warned(tag: string, code: string, message: string): PgResponse {
  return reply(tag, { notices: [pgError(code, message, 'WARNING')] });
}

function oneCell(name: string, type: number, size: number, value: string, tag: string): PgResponse {
  const column: Column = { name, table: 0, attribute: 0, type, size, modifier: -1, format: 0 };
  return reply(tag, { columns: [column], rows: [[value]] });
}
