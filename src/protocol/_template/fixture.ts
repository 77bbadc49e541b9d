import { chunksOf, type Fixture } from '../contract.ts';
import { template } from './template.ts';

export const templateFixture: Fixture = {
  protocol: template,
  served: true,
  decoded: true,
  conversations: [
    {
      name: 'lines, one after the other and in a pipeline',
      exchanges: 4,
      chunks: chunksOf(
        ['client', 'ECHO one\n'],
        ['server', 'one\n'],
        ['client', 'ECHO set  x\r\n'],
        ['server', '!read only\n'],
        ['client', 'ECHO two\nECHO three\n'],
        ['server', 'two\nthree\n'],
      ),
    },
  ],
  hostile: [
    { name: 'another protocol', chunks: chunksOf(['client', 'GET / HTTP/1.1\r\n\r\n']) },
    { name: 'an endless line', chunks: chunksOf(['client', `ECHO ${'a'.repeat(10_000)}`]) },
    { name: 'bytes for a line', chunks: chunksOf(['client', 'ECHO a\n'], ['server', '\x00\xff\n']) },
  ],
};
