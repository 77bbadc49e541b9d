import { expect, it } from 'vitest';
import { describeProtocol, type Fixture } from './contract.ts';
import { dnsFixture } from './dns/fixture.ts';
import { http1Fixture } from './http1/fixture.ts';
import { mysqlFixture } from './mysql/fixture.ts';
import { postgresFixture } from './postgres/fixture.ts';
import { templateFixture } from './_template/fixture.ts';
import { rawFixture } from './raw/fixture.ts';
import { redisFixture } from './redis/fixture.ts';
import { protocolByName, protocols, recognise } from './registry.ts';

const fixtures: Fixture[] = [
  http1Fixture,
  postgresFixture,
  mysqlFixture,
  redisFixture,
  dnsFixture,
  rawFixture,
];

for (const fixture of [...fixtures, templateFixture]) describeProtocol(fixture);

it('every registered protocol passes this suite', () => {
  expect(protocols.map(({ name }) => name)).toEqual(fixtures.map(({ protocol }) => protocol.name));
  for (const protocol of protocols) expect(protocolByName(protocol.name)).toBe(protocol);
});

it('each conversation is recognised as its own protocol and as no other', () => {
  for (const { protocol, conversations } of fixtures) {
    for (const { name, chunks } of conversations) {
      const client = chunks.find(({ side }) => side === 'client')!.bytes;
      expect([name, recognise({ client, server: Buffer.alloc(0), port: 0 }).name]).toEqual([
        name,
        protocol.name,
      ]);
    }
  }
});
