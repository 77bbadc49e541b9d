import { VouchError } from '../lib/errors.ts';
import { dns } from './dns/dns.ts';
import { http1 } from './http1/http1.ts';
import { mysql } from './mysql/mysql.ts';
import type { Protocol } from './port.ts';
import { postgres } from './postgres/postgres.ts';
import { raw } from './raw/raw.ts';
import { redis } from './redis/redis.ts';

/** All protocols; `raw` takes what none of the others knows. */
export const protocols: readonly Protocol[] = [http1, postgres, mysql, redis, dns, raw];

export function protocolByName(name: string): Protocol | undefined {
  return protocols.find((protocol) => protocol.name === name);
}

/** The protocol that a recording names. Throws `inconclusive` for one that this version does not speak. */
export function protocolOf(name: string): Protocol {
  const found = protocolByName(name);
  if (!found)
    throw new VouchError('inconclusive', `the recording holds ${name}, which this version does not speak`);
  return found;
}

/** The protocol that is surest of a connection that began so; `raw` if none is more sure than not. */
export function recognise(first: { client: Uint8Array; server: Uint8Array; port: number }): Protocol {
  let best: Protocol = raw;
  let sureness = 0.5;
  for (const protocol of protocols) {
    const sure = protocol.recognise(first);
    if (sure > sureness) [best, sureness] = [protocol, sure];
  }
  return best;
}
