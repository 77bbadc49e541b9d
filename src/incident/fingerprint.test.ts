import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, serverErrorFingerprint } from './fingerprint.ts';
import type { Frame } from './model.ts';
import { parameterise } from './parameterise.ts';
import { routePattern, serverError } from './server-error.ts';

const name = fc.stringMatching(/^[a-z][A-Za-z]{2,8}$/);
const frame = fc.record({
  function: fc.option(name),
  file: name.map((one) => `src/${one}.js`),
  line: fc.nat(5000),
  column: fc.nat(200),
  inApp: fc.constant(true),
}) satisfies fc.Arbitrary<Frame>;
const error = fc.record({
  type: name.map((one) => `${one}Error`),
  message: name,
  frames: fc.array(frame, { minLength: 1, maxLength: 6 }),
});

describe('a fingerprint', () => {
  it('survives any shift of lines and columns, and frames that are not the app’s', () => {
    fc.assert(
      fc.property(error, fc.nat(500), fc.nat(50), (one, lines, columns) => {
        const shifted = one.frames.map((at) => ({
          ...at,
          line: at.line + lines,
          column: at.column + columns,
        }));
        const foreign: Frame = {
          function: 'next',
          file: 'node:internal/x',
          line: lines,
          column: 1,
          inApp: false,
        };
        expect(fingerprintOf({ ...one, frames: [...shifted, foreign] })).toBe(fingerprintOf(one));
      }),
    );
  });

  it('tells functions, files, types and causes apart', () => {
    fc.assert(
      fc.property(error, name, (one, other) => {
        const [first, ...rest] = one.frames;
        const base = fingerprintOf(one);
        if (first!.function !== other) {
          expect(fingerprintOf({ ...one, frames: [{ ...first!, function: other }, ...rest] })).not.toBe(base);
        }
        expect(fingerprintOf({ ...one, frames: [{ ...first!, file: `lib/${other}.js` }, ...rest] })).not.toBe(
          base,
        );
        expect(fingerprintOf({ ...one, type: `${one.type}2` })).not.toBe(base);
        expect(fingerprintOf({ ...one, causes: [{ type: 'Error', message: other, frames: [] }] })).not.toBe(
          base,
        );
      }),
    );
  });

  it('does not count how a function was called, or how deep it called itself', () => {
    const at = (name: string): Frame => ({ function: name, file: 'a.js', line: 1, column: 1, inApp: true });
    const of = (...frames: Frame[]): string => fingerprintOf({ type: 'Error', message: 'x', frames });
    expect(of(at('async run'), at('load'))).toBe(of(at('Object.run'), at('load [as go]')));
    expect(of(at('walk'), at('walk'), at('walk'))).toBe(of(at('walk')));
  });

  it('falls back to dependencies where no frame is the app’s own', () => {
    const at = (file: string): Frame => ({ function: 'f', file, line: 1, column: 1, inApp: false });
    const of = (file: string): string => fingerprintOf({ type: 'Error', message: 'x', frames: [at(file)] });
    expect(of('node_modules/pg/lib/client.js')).not.toBe(of('node_modules/redis/index.js'));
    expect(of('node:net')).toBe(of('node:fs'));
  });
});

describe('a message', () => {
  it('loses what differs between two occurrences', () => {
    const same = [
      ['order 17 not found', 'order 4711 not found'],
      ['no user a.b@example.org', 'no user c@d.example.com'],
      ['key 6f1c2a9e-8d1b-4c55-9f40-2f6f0b2f6a11', 'key 00000000-8d1b-4c55-9f40-2f6f0b2f6a11'],
      ['at 2026-01-02T03:04:05.678Z', 'at 2025-11-12T13:14:15Z'],
      [`unknown coupon "SPRING"`, `unknown coupon "WINTER 20"`],
      [`column 'a' is bad`, `column 'bcd' is bad`],
      ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 10.0.0.7:6379'],
      [
        "ENOENT: no such file or directory, open '/tmp/a/b.txt'",
        "ENOENT: no such file or directory, open '/var/c.txt'",
      ],
      ['GET http://127.0.0.1:41231/x?y=1 failed', 'GET http://rates.example/z failed'],
      [`Unexpected token '<', "<html>" is not valid JSON`, `Unexpected token 'o', "oops" is not valid JSON`],
      ['object 5f2b1c0d9e8a7b6c5d4e3f2a gone', 'object 0f2b1c0d9e8a7b6c5d4e3f2b gone'],
      ['cart cart_9f3a2 is closed', 'cart cart_77b1c is closed'],
    ];
    for (const [a, b] of same) expect(parameterise(a!), a).toBe(parameterise(b!));
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        expect(parameterise(`took ${a} of 3 tries`)).toBe(parameterise(`took ${b} of 3 tries`));
      }),
    );
  });

  it('keeps what the code says', () => {
    expect(parameterise("Cannot read properties of null (reading 'percent')")).not.toBe(
      parameterise("Cannot read properties of null (reading 'total')"),
    );
    expect(parameterise("can't reach it, won't retry")).toBe("can't reach it, won't retry");
    expect(parameterise('cart.items is not iterable')).toBe('cart.items is not iterable');
  });

  it('is bounded and never throws', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => parameterise(text).length <= 4000));
    const started = performance.now();
    for (const text of [
      "'".repeat(5000),
      '/'.repeat(5000),
      'a-'.repeat(2500),
      '0a'.repeat(2500),
      'a@'.repeat(2500),
    ])
      parameterise(text);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('a server error', () => {
  const exchange = {
    protocol: 'http1',
    direction: 'inbound',
    startedAt: 1,
    endedAt: 5,
    request: { method: 'GET', target: '/orders/17?x=1', headers: [], body: null },
    response: { status: 503, reason: '', headers: [], body: null },
    summary: '',
  };

  it('is named by method, route and status', () => {
    expect(serverError(exchange)).toMatchObject({
      type: 'HTTP 503',
      at: 5,
      fingerprint: serverErrorFingerprint('GET', '/orders/:id', 503),
    });
    const other = serverError({ ...exchange, request: { ...exchange.request, target: '/orders/99' } });
    expect(other!.fingerprint).toBe(serverError(exchange)!.fingerprint);
    expect(serverError({ ...exchange, response: { status: 404 } })).toBeNull();
    expect(serverError({ ...exchange, response: null })).toBeNull();
    expect(serverError({ ...exchange, direction: 'outbound' })).toBeNull();
  });

  it('takes ids out of routes', () => {
    expect(routePattern('/api/v2/users/6f1c2a9e-8d1b-4c55-9f40-2f6f0b2f6a11/carts/SKU-12?x')).toBe(
      '/api/v2/users/:id/carts/:id',
    );
    expect(routePattern('http://h:1/a/b')).toBe('/a/b');
    expect(routePattern('/')).toBe('/');
  });
});
