import { Nonsense, type Reading, type Source } from '../source.ts';
import type { PgFacts } from './messages.ts';
import { Fields, message, int32 } from './wire.ts';
import { randomBytes } from 'node:crypto';

/** Reported at start-up where the recording does not hold them. */
const DEFAULT_PARAMETERS: Readonly<Record<string, string>> = {
  server_version: '15.0',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  application_name: '',
  is_superuser: 'off',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
};

/** `encrypt`: an offer to encrypt; else the parameters of StartupMessage. Undefined: nothing to serve. */
export function* readOpening(source: Source): Reading<'encrypt' | Record<string, string> | undefined> {
  const head = yield* source.take(8);
  if (head === undefined) return undefined;
  const [length, code] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  if (length < 8 || length > 10_000) throw new Nonsense(`a start-up message of ${length} bytes`);
  const body = yield* source.take(length - 8);
  if (body === undefined || code === 80877102) return undefined;
  if (code === 80877103 || code === 80877104) return 'encrypt';
  if (code >>> 16 !== 3) throw new Nonsense(`protocol version ${code >>> 16} is not served`);
  return startParameters(body);
}

/** Of a StartupMessage, after its version. */
export function startParameters(body: Buffer): Record<string, string> {
  const parameters: Record<string, string> = {};
  const fields = new Fields(body);
  while (fields.left > 1) {
    const name = fields.text();
    if (name === '') break;
    parameters[name] = fields.text();
  }
  return parameters;
}

/** What a server reports to a client that began so: as recorded, but for what the client itself decides. */
export function reportedParameters(
  facts: PgFacts | null,
  opening: Record<string, string>,
): Record<string, string> {
  const parameters = { ...DEFAULT_PARAMETERS, ...facts?.parameters };
  for (const name of ['client_encoding', 'application_name'] as const) {
    const wanted = opening[name];
    if (wanted !== undefined) parameters[name] = wanted.replace(/^'|'$/g, '').replace(/^utf-?8$/i, 'UTF8');
  }
  if (opening['user'] !== undefined) parameters['session_authorization'] = opening['user'];
  return parameters;
}

/** AuthenticationOk, the parameters, and a key for cancelling that nothing honours. */
export function greeting(parameters: Record<string, string>): Buffer {
  const reports = Object.entries(parameters).map(([name, value]) => message('S', name, value));
  return Buffer.concat([message('R', int32(0)), ...reports, message('K', randomBytes(8))]);
}
