import { asBuffer } from '../bytes.ts';
import type { Protocol } from '../port.ts';
import { dnsDecoder, isDatagram, summaryOf } from './decode.ts';
import { dnsRequestSchema, dnsResponseSchema } from './messages.ts';
import { serveDns, serveDnsDatagram } from './serve.ts';

/** DNS over UDP and TCP (RFC 1035, RFC 7766). Shapes in `messages.ts`. */
export const dns: Protocol = {
  name: 'dns',
  recognise({ client, server, port }) {
    const bytes = asBuffer(client.length > 0 ? client : server);
    const side = client.length > 0 ? 'client' : 'server';
    if (isDatagram(bytes, side)) return port === 53 ? 1 : 0.9;
    // Over TCP: a length, and then a message of just that length.
    if (bytes.length < 14) return 0;
    const length = bytes.readUInt16BE(0);
    if (length + 2 > bytes.length || !isDatagram(bytes.subarray(2, length + 2), side)) return 0;
    return port === 53 ? 1 : 0.9;
  },
  decoder: dnsDecoder,
  canonical(request) {
    const { name, type } = dnsRequestSchema.parse(request);
    return { name: name.toLowerCase(), type };
  },
  writes: () => false,
  /** Without the times to live, which count down, and in no order, which servers rotate. */
  comparable(response) {
    if (response === null) return null;
    const { rcode, answers } = dnsResponseSchema.parse(response);
    return {
      rcode,
      answers: answers.map(({ name, type, data }) => `${name.toLowerCase()} ${type} ${data}`).sort(),
    };
  },
  summary: (request) => summaryOf(dnsRequestSchema.parse(request)),
  housekeeping: () => false,
  serve: serveDns,
  serveDatagram: serveDnsDatagram,
};
