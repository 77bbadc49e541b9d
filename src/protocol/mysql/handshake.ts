import { Nonsense } from '../source.ts';
import { CAPABILITY, MARIADB_CAPABILITY, STATUS, UTF8MB4 } from './flags.ts';
import type { MyFacts } from './messages.ts';
import { Fields, int16, int32 } from './wire.ts';

export interface Greeting {
  serverVersion: string;
  capabilities: number;
  mariadbCapabilities: number;
  charset: number;
  plugin: string;
}

export const PROTOCOL_VERSION = 10;

/** Handshake v10 (MySQL documentation, "Protocol::HandshakeV10"; MariaDB's capabilities in its reserved bytes). */
export function readGreeting(body: Buffer): Greeting {
  const fields = new Fields(body);
  if (fields.byte() !== PROTOCOL_VERSION) throw new Nonsense('not a handshake of protocol 10');
  const serverVersion = fields.text();
  fields.bytes(4 + 8 + 1); // thread id, first part of the scramble, a zero byte
  let capabilities = fields.int16();
  if (fields.left < 15)
    return { serverVersion, capabilities, mariadbCapabilities: 0, charset: 0, plugin: '' };
  const charset = fields.byte();
  fields.int16(); // status
  capabilities = (capabilities | (fields.int16() << 16)) >>> 0;
  const scramble = fields.byte();
  fields.bytes(6);
  const extended = fields.int32();
  const mariadbCapabilities = (capabilities & CAPABILITY.longPassword) === 0 ? extended : 0;
  fields.bytes(Math.min(fields.left, Math.max(13, scramble - 8)));
  return { serverVersion, capabilities, mariadbCapabilities, charset, plugin: fields.text() };
}

export interface Login {
  capabilities: number;
  mariadbCapabilities: number;
  charset: number;
  database: string | null;
  /** SSLRequest: what follows is encrypted. */
  encrypts: boolean;
}

const HEAD = 32;

/** Whether bytes begin with HandshakeResponse41 or SSLRequest; their reserved bytes are zero. */
export function isLogin(packet: Buffer): boolean {
  if (packet.length < 4 + HEAD || packet[3] !== 1 || packet.readUIntLE(0, 3) < HEAD) return false;
  const body = packet.subarray(4);
  return (
    (body.readUInt32LE(0) & CAPABILITY.protocol41) !== 0 && body.subarray(9, 28).every((byte) => byte === 0)
  );
}

/** HandshakeResponse41 or SSLRequest. The proof of the password is read over. */
export function readLogin(body: Buffer): Login {
  const fields = new Fields(body);
  const capabilities = fields.int32();
  if ((capabilities & CAPABILITY.protocol41) === 0) throw new Nonsense('a client of before MySQL 4.1');
  fields.int32(); // longest packet
  const charset = fields.byte();
  fields.bytes(19);
  const extended = fields.int32();
  const mariadbCapabilities = (capabilities & CAPABILITY.longPassword) === 0 ? extended : 0;
  const login = { capabilities, mariadbCapabilities, charset, database: null };
  if ((capabilities & CAPABILITY.ssl) !== 0 && fields.left === 0) return { ...login, encrypts: true };
  fields.text(); // user
  if ((capabilities & CAPABILITY.pluginAuthLenenc) !== 0) fields.string();
  else if ((capabilities & CAPABILITY.secureConnection) !== 0) fields.bytes(fields.byte());
  else fields.text();
  const named = (capabilities & CAPABILITY.connectWithDb) !== 0 && fields.left > 0;
  return { ...login, database: (named ? fields.text() : '') || null, encrypts: false };
}

/** COM_CHANGE_USER, from behind the command: the database that it names. */
export function readChangeUser(body: Buffer): string | null {
  const fields = new Fields(body);
  fields.text();
  fields.bytes(fields.byte());
  return (fields.left > 0 ? fields.text() : '') || null;
}

/** Why a connection with these capabilities on both ends cannot be read, or null. */
export function unreadable(capabilities: number): string | null {
  if ((capabilities & (CAPABILITY.compress | CAPABILITY.zstd)) !== 0) return 'compressed';
  if ((capabilities & CAPABILITY.optionalMetadata) !== 0)
    return 'results without the definitions of their columns';
  return null;
}

/** What a mock server cannot do, whatever the recorded one could: encryption, compression, results without columns. */
const NOT_SERVED = CAPABILITY.ssl | CAPABILITY.compress | CAPABILITY.zstd | CAPABILITY.optionalMetadata;
/** Several factors of authentication, certificates, and what else stands above. */
const BEYOND = 0xf000_0000;
/** What servers of MySQL 8 offer, the above left out. */
const USUAL = 0x01ff_f79f;

/** Capabilities that a mock of this server offers. */
export function offered(facts: MyFacts | null): { capabilities: number; mariadb: number } {
  const recorded = facts === null || facts.capabilities === 0 ? USUAL : facts.capabilities;
  const { extendedMetadata, bulk, bulkResults } = MARIADB_CAPABILITY;
  return {
    capabilities: (recorded & ~(NOT_SERVED | BEYOND)) >>> 0,
    mariadb: (facts?.mariadbCapabilities ?? 0) & (extendedMetadata | bulk | bulkResults),
  };
}

/** Handshake v10. Whatever proof the client gives for `scramble` is accepted. */
export function greetingPacket(
  serverVersion: string | null,
  charset: number,
  { capabilities, mariadb }: { capabilities: number; mariadb: number },
  scramble: Buffer,
): Buffer {
  return Buffer.concat([
    Buffer.from([PROTOCOL_VERSION]),
    Buffer.from(`${(serverVersion ?? '8.0.36').replaceAll('\0', '')}\0`, 'utf8'),
    int32(1),
    scramble.subarray(0, 8),
    Buffer.from([0]),
    int16(capabilities & 0xffff),
    Buffer.from([charset === 0 ? UTF8MB4 : charset]),
    int16(STATUS.autocommit),
    int16(capabilities >>> 16),
    Buffer.from([scramble.length + 1]),
    Buffer.alloc(6),
    int32(mariadb),
    scramble.subarray(8),
    Buffer.from([0]),
    Buffer.from('mysql_native_password\0'),
  ]);
}
