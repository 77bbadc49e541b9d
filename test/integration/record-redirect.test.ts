import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Redirection } from '../../src/record/agent/port.ts';
import { newId } from '../../src/lib/ids.ts';
import { run, runOrThrow } from '../../src/lib/process.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD, Stage, type Program } from './record-setup.ts';

const MOCKS = `
  const net = require('node:net');
  const listening = [];
  for (const [port, name] of [[7001, 'mock'], [7002, 'nobody']])
    for (const host of ['127.0.0.1', '::1'])
      listening.push(new Promise((r) => net.createServer((s) => { s.on('error', () => {}); s.end(name); }).listen(port, host, r)));
  const dns = require('node:dgram').createSocket('udp4');
  dns.on('message', (m, from) => dns.send('answer to ' + m, from.port, from.address));
  listening.push(new Promise((r) => dns.bind(7053, '127.0.0.1', r)));
  Promise.all(listening).then(() => console.log('READY'));
`;

/** Asks each destination on its standard input and prints what came of it: the peer, and what it said. */
const APP = `
  const net = require('node:net');
  const own = net.createServer((s) => s.end('own')).listen(7100, '127.0.0.1');
  const ask = (host, port) => new Promise((done) => {
    let text = '', peer = '';
    const s = net.connect({ host, port });
    s.on('connect', () => { peer = s.remoteAddress + ' ' + s.remotePort; });
    s.on('data', (d) => { text += d; });
    s.on('error', (e) => { text += e.code; });
    s.on('close', () => done(host + '_' + port + ' ' + text + (peer && ' from ' + peer)));
  });
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    const [host, port] = line.split(' ');
    if (host === 'dns') {
      const u = require('node:dgram').createSocket('udp4');
      u.on('message', (m, from) => { console.log('dns ' + m + ' from ' + from.address + ' ' + from.port); u.close(); });
      u.send('name', 53, port);
    } else console.log(await ask(host, Number(port)));
  });
  own.on('listening', () => console.log('READY'));
`;

needs(CANNOT_RECORD === '', CANNOT_RECORD)('the egress redirect', () => {
  const netns = newId('vouchtest');
  let stage: Stage;
  let app: Program;
  let redirection: Redirection;

  beforeAll(async () => {
    stage = await Stage.open();
    await runOrThrow(['ip', 'netns', 'add', netns]);
    await runOrThrow(['ip', '-n', netns, 'link', 'set', 'lo', 'up']);
    // The mocks run outside the app's cgroup, inside its network.
    const mocks = await stage.node(MOCKS, { netns, cgroup: await stage.beside() });
    await mocks.says('READY');
    redirection = await stage.started.agent.redirect({
      cgroupPath: stage.cgroup.path,
      rules: [
        { address: '10.1.2.3', port: 9999, toPort: 7001 },
        { address: '2001:db8::5', port: 5432, toPort: 7001 },
        { address: '127.0.0.1', port: 5432, toPort: 7001 },
      ],
      catchAllPort: 7002,
      dnsPort: 7053,
      passPorts: [7200],
      refuse: [{ address: '::1', port: 5432 }],
    });
    app = await stage.node(APP, { netns });
    await app.says('READY');
  });
  afterAll(async () => {
    await stage.finish();
    await run(['ip', 'netns', 'del', netns]);
  });

  const ask = async (host: string, port: number): Promise<string> => {
    app.child.stdin!.write(`${host} ${port}\n`);
    return (await app.says(`${host}_${port}`)).join(' ');
  };

  it('sends recorded destinations to their mock, and the app sees the address that it asked for', async () => {
    expect(await ask('10.1.2.3', 9999)).toBe('mock from 10.1.2.3 9999');
    expect(await ask('2001:db8::5', 5432)).toBe('mock from 2001:db8::5 5432');
    expect(await ask('127.0.0.1', 5432)).toBe('mock from 127.0.0.1 5432');
    expect(await ask('::ffff:10.1.2.3', 9999)).toBe('mock from ::ffff:10.1.2.3 9999');
    expect(await redirection.strays()).toEqual([]);
  });

  it('refuses quietly what was refused when recorded, so that localhost goes on to IPv4', async () => {
    expect(await ask('::1', 5432)).toBe('ECONNREFUSED');
    expect(await ask('localhost', 5432)).toBe('mock from 127.0.0.1 5432');
    expect(await redirection.strays()).toEqual([]);
  });

  it('lets the app talk to itself and to ports that may pass', async () => {
    expect(await ask('127.0.0.1', 7100)).toBe('own from 127.0.0.1 7100');
    expect(await ask('127.0.0.1', 7200)).toBe('ECONNREFUSED');
    expect(await redirection.strays()).toEqual([]);
  });

  it('answers datagrams to port 53 from the address that was asked', async () => {
    app.child.stdin!.write('dns 10.9.9.9\n');
    expect((await app.says('dns')).join(' ')).toBe('answer to name from 10.9.9.9 53');
    expect(await redirection.strays()).toEqual([]);
  });

  it('sends everything else to the catch-all and reports it, in order of first use', async () => {
    expect(await ask('8.8.8.8', 443)).toBe('nobody from 8.8.8.8 443');
    expect(await ask('2001:db8::9', 443)).toBe('nobody from 2001:db8::9 443');
    app.child.stdin!.write('8.8.8.8 443\n');
    expect(await ask('10.1.2.3', 9998)).toBe('nobody from 10.1.2.3 9998');
    expect(await ask('127.0.0.1', 7001)).toBe('nobody from 127.0.0.1 7001');
    expect(await ask('127.0.0.1', 7101)).toBe('nobody from 127.0.0.1 7101');
    expect(await redirection.strays()).toEqual([
      { address: '8.8.8.8', port: 443, count: 2 },
      { address: '2001:db8::9', port: 443, count: 1 },
      { address: '10.1.2.3', port: 9998, count: 1 },
      { address: '127.0.0.1', port: 7001, count: 1 },
      { address: '127.0.0.1', port: 7101, count: 1 },
    ]);
  });

  it('is gone when it is detached', async () => {
    await redirection.detach();
    expect(await ask('10.7.7.7', 80)).toBe('ENETUNREACH');
    await expect(redirection.strays()).rejects.toMatchObject({ code: 'not-found' });
  });
});
