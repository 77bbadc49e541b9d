import { z } from 'zod';

/** One question of one message (RFC 1035, section 4.1). Types by their name, or `TYPE65` (RFC 3597). */
export const dnsRequestSchema = z.object({ name: z.string(), type: z.string() });
export type DnsRequest = z.infer<typeof dnsRequestSchema>;

const recordSchema = z.object({
  name: z.string(),
  type: z.string(),
  /** Seconds. */
  ttl: z.number(),
  /**
   * A, AAAA: the address. CNAME, NS, PTR: the name. MX: `10 mail.test`. SRV: `0 5 5060 sip.test`. TXT: JSON strings,
   * separated by spaces. Anything else: base64 of the bytes.
   */
  data: z.string(),
});
export type DnsRecord = z.infer<typeof recordSchema>;

export const dnsResponseSchema = z.object({
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL` … */
  rcode: z.string(),
  /** Cut to fit a datagram; the client asks again over TCP. */
  truncated: z.boolean(),
  answers: z.array(recordSchema),
  authority: z.array(recordSchema),
});
export type DnsResponse = z.infer<typeof dnsResponseSchema>;
