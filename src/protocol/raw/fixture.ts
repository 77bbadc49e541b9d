import { chunksOf, type Fixture } from '../contract.ts';
import { raw } from './raw.ts';

export const rawFixture: Fixture = {
  protocol: raw,
  served: false,
  decoded: false,
  conversations: [
    {
      name: 'bytes that nobody knows',
      exchanges: 1,
      chunks: chunksOf(
        ['client', 'SSH-2.0-a\r\n'],
        ['server', '\x00\xff\x00\xfe'],
        ['client', 'x'.repeat(20_000)],
      ),
    },
  ],
  hostile: [],
};
