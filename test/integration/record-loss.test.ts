import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/lib/log.ts';
import { TapEngine } from '../../src/record/agent/tap.ts';
import { readConnections } from '../../src/record/connections.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD, Stage, bytesOf, withPort } from './record-setup.ts';

/** Counts what comes, and answers with as many bytes once its client has sent all. */
const MIRROR = `
  const server = require('node:net').createServer({ allowHalfOpen: true }, (s) => {
    const parts = [];
    s.on('data', (d) => parts.push(d));
    s.on('end', () => s.end(Buffer.concat(parts)));
  });
  server.listen(0, '127.0.0.1', () => console.log('READY ' + server.address().port));
`;

needs(CANNOT_RECORD === '', CANNOT_RECORD)('a ring that is far too small', () => {
  let stage: Stage;
  let engine: TapEngine;
  beforeEach(async () => {
    stage = await Stage.open();
    engine = new TapEngine(silentLogger, { ringBytes: 128 * 1024 });
  });
  afterEach(async () => {
    await engine.close();
    await stage.finish();
  });

  it('loses bytes, and every one of them is counted, on its connection and at its place', async () => {
    const { path: cgroupPath, id: cgroupId } = stage.cgroup;
    await engine.add({ cgroupPath, cgroupId, folder: stage.folder });
    const app = await stage.node(MIRROR);
    const port = Number((await app.says('READY'))[0]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const own = socket.localPort!;
    const sent = randomBytes(8 * 1024 * 1024);
    socket.resume();
    socket.end(sent);
    await once(socket, 'close');
    const stats = await engine.flush(cgroupId);
    const recording = await readConnections(stage.folder);
    const connection = withPort(recording, own);
    expect(stats.lostBytes).toBeGreaterThan(0);
    expect(connection.lostBytes).toBe(stats.lostBytes);
    expect(connection.incomplete).toContain(`${stats.lostBytes} bytes were not captured`);
    const kept = bytesOf(connection, 'client').length + bytesOf(connection, 'server').length;
    expect(kept + connection.lostBytes).toBe(2 * sent.length);
    // Each piece lies where its gaps say it does.
    for (const side of ['client', 'server'] as const) {
      let at = 0;
      for (const chunk of connection.chunks.filter((one) => one.side === side)) {
        at += chunk.lost ?? 0;
        expect(sent.subarray(at, at + chunk.bytes.length).equals(chunk.bytes)).toBe(true);
        at += chunk.bytes.length;
      }
    }
    expect(connection.closedAt).not.toBeNull();
  });
});
