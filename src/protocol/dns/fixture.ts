import { chunksOf, type Fixture } from '../contract.ts';
import { dns } from './dns.ts';
import { int16, responseBytes } from './wire.ts';

const framed = (bytes: Buffer): Buffer => Buffer.concat([int16(bytes.length), bytes]);

/** A query with EDNS, so that an error can carry its reason. */
function query(id: number, name: string, type: number): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const opt = Buffer.from('0000290 4d00000000000000'.replace(' ', ''), 'hex');
  const header = [id, 0x0120, 1, 0, 0, 1].map(int16);
  return Buffer.concat([...header, ...labels, Buffer.from([0]), int16(type), int16(1), opt]);
}

function response(
  id: number,
  name: string,
  type: string,
  rcode: string,
  ...data: [string, string][]
): Buffer {
  const answers = data.map(([kind, value]) => ({ name, type: kind, ttl: 60, data: value }));
  const asked = { id, recursion: true, edns: null, question: { name, type } };
  return responseBytes(asked, { rcode, truncated: false, answers, authority: [] }, null);
}

/** As a real server says it: the name of the answer is a pointer to the question's. */
const compressed = Buffer.from(
  '0007818000010001000000000375707304746573740000010001c00c00010001000000 3c00047f000005'.replace(' ', ''),
  'hex',
);

export const dnsFixture: Fixture = {
  protocol: dns,
  served: true,
  decoded: true,
  conversations: [
    {
      name: 'over TCP, answers out of order',
      exchanges: 5,
      chunks: chunksOf(
        ['client', Buffer.concat([framed(query(7, 'ups.test', 1)), framed(query(8, 'Ups.test', 28))])],
        [
          'server',
          framed(
            response(8, 'ups.test', 'AAAA', 'NOERROR', ['AAAA', '2001:db8::1'], ['AAAA', '::ffff:10.1.2.3']),
          ),
        ],
        ['server', framed(compressed)],
        ['client', framed(query(9, 'none.test', 1))],
        ['server', framed(response(9, 'none.test', 'A', 'NXDOMAIN'))],
        ['client', framed(query(10, '_sip._tcp.ups.test', 33))],
        [
          'server',
          framed(response(10, '_sip._tcp.ups.test', 'SRV', 'NOERROR', ['SRV', '0 5 5060 sip.ups.test'])),
        ],
        ['client', framed(query(11, 'ups.test', 16))],
        [
          'server',
          framed(
            response(
              11,
              'ups.test',
              'TXT',
              'NOERROR',
              ['TXT', '"v=spf1 -all" "two"'],
              ['MX', '10 mail.test'],
            ),
          ),
        ],
      ),
    },
  ],
  hostile: [
    {
      name: 'another protocol',
      chunks: chunksOf(['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' + 'x'.repeat(20_000)]),
    },
    {
      name: 'a name that points to itself',
      chunks: chunksOf(['client', framed(Buffer.from('000701000001000000000000c00c00010001', 'hex'))]),
    },
    {
      name: 'a record longer than its message',
      chunks: chunksOf(
        ['client', framed(query(7, 'ups.test', 1))],
        ['server', framed(Buffer.concat([compressed.subarray(0, -6), Buffer.from('ffff7f000001', 'hex')]))],
      ),
    },
  ],
};
