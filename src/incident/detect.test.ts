import { describe, expect, it } from 'vitest';
import { createDetector } from './detect.ts';
import type { ErrorEvent } from './model.ts';

function read(
  text: string,
  appRoot = '/app',
  end?: { code: number | null; signal: string | null },
): ErrorEvent[] {
  const detector = createDetector({ appRoot });
  const events = text.split('\n').flatMap((line, index) => detector.line('stderr', line, 1000 + index));
  events.push(
    ...(end === undefined ? detector.flush(9000) : detector.exit({ ...end, outOfMemory: false }, 9000)),
  );
  return events;
}

function only(events: ErrorEvent[]): ErrorEvent {
  expect(events).toHaveLength(1);
  return events[0]!;
}

const own = (event: ErrorEvent): string[] =>
  event.frames
    .filter((frame) => frame.inApp)
    .map((frame) => `${frame.function}@${frame.file}:${frame.line}:${frame.column}`);

describe('stacks of Node', () => {
  it('reads the last words of a process', () => {
    const event = only(
      read(
        `file:///app/src/a.mjs:2
async function f(){ await null; const x=null; return x.percent }
                                                       ^

TypeError: Cannot read properties of null (reading 'percent')
    at f (file:///app/src/a.mjs:2:56)
    at async Promise.all (index 0)
    at async file:///app/src/a.mjs:12:26 {
  code: 'X',
  list: [ 1, { a: 2 } ]
}

Node.js v24.21.0`,
        '/app',
        { code: 1, signal: null },
      ),
    );
    expect(event).toMatchObject({
      detector: 'crash',
      type: 'TypeError',
      message: "Cannot read properties of null (reading 'percent')",
      at: 1005,
    });
    expect(own(event)).toEqual(['f@src/a.mjs:2:56', 'null@src/a.mjs:12:26']);
    expect(event.frames[1]).toMatchObject({ function: 'async Promise.all', inApp: false });
  });

  it('finds the class behind the words of console.error', () => {
    const frames = '\n    at g (/app/x.js:1:2)';
    expect(only(read(`checkout failed: RangeError: too big${frames}`))).toMatchObject({
      type: 'RangeError',
      message: 'too big',
    });
    expect(only(read(`Error: TypeError: x is not a function${frames}`))).toMatchObject({ type: 'TypeError' });
    expect(
      only(read(`2026-01-02T03:04:05Z ERROR Error in handler: SyntaxError: bad${frames}`)),
    ).toMatchObject({
      type: 'SyntaxError',
      message: 'bad',
    });
    expect(only(read(`NotFound [Error]: no such cart${frames}`))).toMatchObject({
      type: 'NotFound',
      message: 'no such cart',
    });
    expect(only(read(`error: relation "x" does not exist${frames}`))).toMatchObject({ type: 'error' });
    expect(only(read(`Error [ERR_HTTP_HEADERS_SENT]: Cannot set headers${frames}`))).toMatchObject({
      type: 'Error',
      message: 'Cannot set headers',
    });
  });

  it('reads messages of several lines', () => {
    const event = only(read('Error: line one\nline two: x\n\nline four\n    at g (/app/x.js:1:2)'));
    expect(event.message).toBe('line one\nline two: x\n\nline four');
  });

  it('reads causes and the errors of an AggregateError', () => {
    const event = only(
      read(`failed: Error: outer
    at h (/app/a.js:9:74)
    ... 3 lines matching cause stack trace ...
    at node:internal/main:1:1 {
  [cause]: TypeError: inner
      at f (/app/b.js:2:56)
      at async /app/a.js:9:26 {
    code: 'E',
    [cause]: RangeError: innermost
        at z (/app/c.js:3:4)
  }
}
listening again`),
    );
    expect(event.causes.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      'TypeError: inner',
      'RangeError: innermost',
    ]);
    expect(event.causes[1]!.frames).toEqual([
      { function: 'z', file: 'c.js', line: 3, column: 4, inApp: true },
    ]);
    const many = only(
      read(`AggregateError: many
    at /app/a.js:10:32 {
  [errors]: [
    TypeError: a
        at /app/a.js:10:52,
    RangeError: b
        at /app/a.js:10:72
  ]
}`),
    );
    expect(many.causes.map(({ type }) => type)).toEqual(['TypeError', 'RangeError']);
  });

  it('reads an error without frames of its own', () => {
    const event = only(
      read(`[TypeError: fetch failed] {
  [cause]: Error: connect ECONNREFUSED 127.0.0.1:1
      at call (/app/rates.js:3:4)
}
after`),
    );
    expect(event).toMatchObject({ type: 'TypeError', message: 'fetch failed', frames: [] });
    expect(event.causes).toHaveLength(1);
    const one =
      'failed: [TypeError: fetch failed] {\n  [cause]: Error: read ECONNRESET\n      at x (node:net:1:1) {\n    errno: 1\n  }\n}';
    expect(read(`${one}\n${one}`).map(({ causes }) => causes.length)).toEqual([1, 1]);
  });

  it('reads errors inside printed objects, indented stacks and quoted ones alike', () => {
    const printed = read(`{
  err: TypeError: no
      at f (/app/a.mjs:2:56)
      at async /app/a.mjs:11:24,
  id: 5
}`);
    const indented = read(`
  TypeError: no
      at f (/app/a.mjs:2:56)
      at async /app/a.mjs:11:24
`);
    const quoted = read(`{
  stack: "TypeError: no\\n" +
    '    at f (/app/a.mjs:2:56)\\n' +
    '    at async /app/a.mjs:11:24',
  message: "no"
}`);
    expect(only(printed).fingerprint).toBe(only(indented).fingerprint);
    expect(only(quoted).fingerprint).toBe(only(indented).fingerprint);
  });

  it('reads stacks of structured logs, whole or cut', () => {
    const stack = 'TypeError: no\n    at f (/app/a.mjs:2:56)\n    at async /app/a.mjs:11:24';
    const plain = only(read(stack)).fingerprint;
    const lines = [
      JSON.stringify({ level: 50, err: { type: 'TypeError', message: 'no', stack }, msg: 'no' }),
      JSON.stringify({ level: 'error', message: 'no', stack }),
      JSON.stringify({ data: { deep: { error: { stack: stack.split('\n') } } } }),
      `2026-01-02 ERROR ${JSON.stringify({ e: stack })}`,
      `level=error stack=${JSON.stringify(stack)} route=/x`,
      `${JSON.stringify({ err: { stack: `${stack}\n    at next (/app/node_modules/x/y.js:1:1)` } }).slice(0, -6)}`,
      JSON.stringify({
        err: { type: 'TypeError', message: 'no', stack: stack.split('\n').slice(1).join('\n') },
      }),
    ];
    for (const line of lines) expect(only(read(line)).fingerprint, line).toBe(plain);
  });

  it('takes the logged cause as a cause', () => {
    const line = JSON.stringify({
      err: {
        stack: 'Error: outer\n    at f (/app/a.js:1:1)',
        cause: { stack: 'TypeError: inner\n    at g (/app/b.js:1:1)' },
      },
    });
    expect(only(read(line)).causes).toMatchObject([{ type: 'TypeError', message: 'inner' }]);
    const pino = JSON.stringify({
      err: {
        stack:
          'Error: outer\n    at f (/app/a.js:1:1)\ncaused by: TypeError: inner\n    at g (/app/b.js:1:1)',
      },
    });
    expect(only(read(pino)).causes).toMatchObject([{ type: 'TypeError', message: 'inner' }]);
  });

  it('keeps a stack together when other lines come between, and tells two apart', () => {
    const alone = only(read('TypeError: no\n    at f (/app/a.js:1:1)\n    at g (/app/b.js:1:1)'));
    const mixed = read(
      'TypeError: no\n    at f (/app/a.js:1:1)\nGET /x 200 3ms\n    at g (/app/b.js:1:1)\nGET /y 200 1ms',
    );
    expect(only(mixed).fingerprint).toBe(alone.fingerprint);
    const two = read('TypeError: a\n    at f (/app/a.js:1:1)\nRangeError: b\n    at g (/app/b.js:1:1)');
    expect(two.map(({ type }) => type)).toEqual(['TypeError', 'RangeError']);
  });

  it('tells apart two that follow each other in the words of a driver', () => {
    const one =
      'GET /a error: current transaction is aborted\n    at f (/app/a.js:1:1) {\n  code: "25P02"\n}';
    expect(read(`${one}\n${one}`)).toHaveLength(2);
    const other = 'GET /a failed: NotFound: no cart\n    at f (/app/a.js:1:1)';
    expect(read(`${other}\n${other}`)).toHaveLength(2);
  });

  it('reads each stream by itself', () => {
    const detector = createDetector();
    const events = [
      ...detector.line('stdout', 'TypeError: a', 1),
      ...detector.line('stderr', 'RangeError: b', 2),
      ...detector.line('stdout', '    at f (/app/a.js:1:1)', 3),
      ...detector.line('stderr', '    at g (/app/b.js:1:1)', 4),
      ...detector.flush(5),
    ];
    expect(events.map(({ type }) => type)).toEqual(['TypeError', 'RangeError']);
  });

  it('tells the app from what it stands on', () => {
    const event = only(
      read(`Error: x
    at Layer.handle (/app/node_modules/express/lib/layer.js:1:2)
    at new Cart [as make] (/app/src/my cart (2).js:3:4)
    at eval (eval at run (/app/src/plug.js:5:6), <anonymous>:1:1)
    at Array.map (<anonymous>)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at Module._compile (internal/modules/cjs/loader.js:1:2)
    at other (/elsewhere/z.js:1:1)`),
    );
    expect(own(event)).toEqual(['new Cart [as make]@src/my cart (2).js:3:4', 'eval@src/plug.js:5:6']);
    expect(event.frames).toHaveLength(7);
  });

  it('lets notices pass', () => {
    expect(read('Trace: here\n    at f (/app/a.js:1:1)')).toEqual([]);
    expect(read('(node:1) MaxListenersExceededWarning: leak\n    at f (/app/a.js:1:1)')).toEqual([]);
    expect(read('we meet at noon (12:30:00)\nError: said without a stack\nall well')).toEqual([]);
    expect(
      only(read('(node:1) UnhandledPromiseRejectionWarning: TypeError: x\n    at f (/app/a.js:1:1)')),
    ).toMatchObject({
      detector: 'unhandled-rejection',
      type: 'TypeError',
    });
  });
});

describe('tracebacks of Python', () => {
  it('reads the innermost frame first, and chains as causes', () => {
    const event = only(
      read(`ERROR:root:boom
Traceback (most recent call last):
  File "/app/shop/db.py", line 7, in find
    return rows[key]
           ~~~~^^^^^
KeyError: 'nope'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/flask/app.py", line 900, in dispatch
    return f()
  File "/app/shop/views.py", line 12, in checkout
    raise CheckoutError("no such coupon")
shop.errors.CheckoutError: no such coupon
GET /checkout 500`),
    );
    expect(event).toMatchObject({ type: 'shop.errors.CheckoutError', message: 'no such coupon' });
    expect(own(event)).toEqual(['checkout@shop/views.py:12:null']);
    expect(event.causes).toMatchObject([
      { type: 'KeyError', frames: [{ file: 'shop/db.py', function: 'find' }] },
    ]);
  });
});

describe('ends of processes', () => {
  it('says nothing of an end that was asked for, or that a printed error explains', () => {
    expect(read('bye', '/app', { code: 0, signal: null })).toEqual([]);
    expect(read('bye', '/app', { code: null, signal: 'SIGTERM' })).toEqual([]);
    expect(
      only(read('TypeError: a\n    at f (/app/a.js:1:1)', '/app', { code: 1, signal: null })),
    ).toMatchObject({ detector: 'stack' });
  });

  it('takes the status, the signal and the last words of any other', () => {
    expect(only(read('x', '/app', { code: 3, signal: null }))).toMatchObject({
      detector: 'crash',
      type: 'Exit',
      message: 'exited with status 3',
    });
    expect(only(read('x', '/app', { code: null, signal: 'SIGSEGV' }))).toMatchObject({
      type: 'Exit',
      message: 'killed by SIGSEGV',
    });
    const memory = read(
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0x93 [node]',
      '/app',
      {
        code: null,
        signal: 'SIGABRT',
      },
    );
    expect(only(memory)).toMatchObject({ type: 'OutOfMemory' });
    const thrown = only(
      read(
        "/app/a.js:3\n  throw 'foo';\n  ^\nfoo\n(Use `node --trace-uncaught ...`)\n\nNode.js v24.1.0",
        '/app',
        { code: 1, signal: null },
      ),
    );
    expect(thrown).toMatchObject({
      type: 'Uncaught',
      message: 'foo',
      frames: [{ file: 'a.js', line: 3, inApp: true }],
    });
    const rejected = read(
      'node:internal/process/promises:288\n            triggerUncaughtException(err, true /* fromPromise */);\n            ^\n\n[UnhandledPromiseRejection: This error originated by rejecting a promise. The promise rejected with the reason "foo".] {\n  code: \'ERR_UNHANDLED_REJECTION\'\n}\n\nNode.js v20.1.0',
      '/app',
      { code: 1, signal: null },
    );
    expect(only(rejected)).toMatchObject({
      detector: 'unhandled-rejection',
      type: 'UnhandledPromiseRejection',
    });
  });
});

describe('hostile output', () => {
  it('stays small and quick on long lines, endless stacks and nonsense', () => {
    const detector = createDetector();
    const lines = [
      'x'.repeat(1_000_000),
      `Error: ${'y'.repeat(1_000_000)}`,
      `{"stack":"${'\\n    at f (/app/a.js:1:1)'.repeat(20_000)}`,
      `${'{"a":'.repeat(50_000)}"\\n at x:1:1"`,
      'Error'.repeat(100_000),
    ];
    const started = performance.now();
    const events: ErrorEvent[] = [];
    for (const line of lines) events.push(...detector.line('stderr', line, 1));
    for (let n = 0; n < 20_000; n++)
      events.push(...detector.line('stderr', `    at f${n} (/app/a.js:${n}:1)`, 2));
    for (let n = 0; n < 20_000; n++) events.push(...detector.line('stderr', '  member: 1 {', 2));
    events.push(...detector.flush(3));
    expect(performance.now() - started).toBeLessThan(5000);
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(40_000);
  });
});
