import type { Expectation } from '../fixture.ts';
import { EXPRESS, FASTIFY, HTTP } from './apps.ts';

/** Data of another kind or form than the code expects; other services, databases, numbers. */
export const data: Record<string, Expectation> = {
  'a column has another name, behind a question mark': {
    files: {
      'a.mjs': `${FASTIFY}
app.get('/last', async () => {
  const { rows } = await pool.query('select * from orders')
  return { last: rows[0]?.placedOn.toISOString() ?? null }
})
`,
    },
    error: "Cannot read properties of undefined (reading 'toISOString')",
    frames: [['a.mjs', 'placedOn.|toISOString']],
    request: { method: 'GET', target: '/last' },
    calls: [
      {
        protocol: 'postgres',
        response: { columns: [{ name: 'placed_on', type: 1082 }], rows: [['2026-01-01']] },
      },
    ],
    expect: [['rename-property', 'rows[0]?.placed_on.toISOString()']],
    within: 1,
  },
  'a column has another name': {
    files: {
      'server.js': `${EXPRESS}
app.get('/prices/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM prices WHERE id = $1', [req.params.id]);
  res.json({ price: rows[0].unitPrice.toString() });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'toString')",
    frames: [['server.js', 'unitPrice.|toString']],
    request: { method: 'GET', target: '/prices/1' },
    calls: [
      {
        protocol: 'postgres',
        response: { columns: [{ name: 'id' }, { name: 'unit_price' }], rows: [['1', '9.90']] },
      },
    ],
    expect: [['rename-property', 'rows[0].unit_price.toString()']],
    within: 1,
  },
  'an upstream that answers with a page': {
    files: {
      'server.js': `${EXPRESS}
app.get('/rates/:currency', async (req, res) => {
  const answer = await fetch(process.env.RATES_URL + '/' + req.params.currency);
  const rates = await answer.json();
  res.json({ rate: rates.rate });
});
`,
    },
    type: 'SyntaxError',
    error: `Unexpected token '<', "<html>" is not valid JSON`,
    frames: [['server.js', '|await answer.json']],
    request: { method: 'GET', target: '/rates/eur' },
    calls: [{ protocol: 'http1', response: { status: 503, headers: [], body: { text: '<html>' } } }],
    expect: [
      ['check-upstream-status', "if (!answer.ok) {\nreturn res.status(502).json({ error: 'bad gateway' });"],
      ['guard-call', 'try { rates = await answer.json(); } catch {'],
    ],
    within: 4,
  },
  'an upstream error that is read as data': {
    files: {
      'server.js': `${EXPRESS}
app.get('/weather/:city', async (req, res) => {
  const answer = await fetch(process.env.WEATHER_URL + '/' + req.params.city);
  const weather = await answer.json();
  res.json({ degrees: weather.current.temperature });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'temperature')",
    frames: [['server.js', 'current.|temperature']],
    request: { method: 'GET', target: '/weather/x' },
    calls: [
      {
        protocol: 'http1',
        response: { status: 404, headers: [], body: { text: '{"error":"unknown city"}' } },
      },
    ],
    expect: [
      ['check-upstream-status', "if (!answer.ok) {\nreturn res.status(404).json({ error: 'not found' });"],
      ['check-upstream-status', "if (!answer.ok) {\nreturn res.status(502).json({ error: 'bad gateway' });"],
    ],
    within: 10,
  },
  'a broken entry in the cache': {
    files: {
      'server.js': `${EXPRESS}
const { createClient } = require('redis');
const redis = createClient();
redis.on('error', console.error);
async function profile(id) {
  const cached = await redis.get('profile:' + id);
  if (cached) return JSON.parse(cached);
  const { rows } = await pool.query('SELECT * FROM profiles WHERE id = $1', [id]);
  return rows[0];
}
`,
    },
    type: 'SyntaxError',
    error: 'Unexpected end of JSON input',
    frames: [['server.js', 'JSON.|parse(cached)']],
    expect: [['guard-call', 'try { return JSON.parse(cached); } catch {']],
    within: 2,
  },
  'a body that is not JSON': {
    files: {
      'server.js': `${HTTP}
  if (req.method === 'PUT' && url.pathname === '/settings') {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const settings = JSON.parse(Buffer.concat(chunks).toString());
    return send(res, 200, { theme: settings.theme });
  }
  send(res, 404, { error: 'not found' });
});
server.listen(process.env.PORT);
`,
    },
    type: 'SyntaxError',
    error: 'Unexpected token x in JSON at position 0',
    frames: [['server.js', 'JSON.|parse']],
    request: { method: 'PUT', target: '/settings', body: 'x' },
    expect: [['guard-call', "} catch { return send(res, 400, { error: 'bad request' }); }"]],
    within: 1,
  },
  'a malformed escape in a path': {
    files: {
      'server.js': `${EXPRESS}
app.get('/tags/:tag', (req, res) => {
  const tag = decodeURIComponent(req.params.tag);
  res.json({ tag });
});
`,
    },
    type: 'URIError',
    error: 'URI malformed',
    frames: [['server.js', '|decodeURIComponent']],
    expect: [['guard-call', "return res.status(400).json({ error: 'invalid tag' });"]],
    within: 2,
  },
  'an id that is no number': {
    files: {
      'server.js': `${EXPRESS}
app.get('/invoices/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM invoices WHERE id = $1', [req.params.id]);
  if (rows.length === 0) return res.status(404).json({ error: 'invoice not found' });
  res.json(rows[0]);
});
`,
    },
    type: 'error',
    error: 'invalid input syntax for type integer: "abc"',
    frames: [['server.js', "|await pool.query('SELECT * FROM invoices"]],
    request: { method: 'GET', target: '/invoices/abc' },
    expect: [
      [
        'guard-number',
        "if (!/^\\d+$/.test(req.params.id)) return res.status(400).json({ error: 'invalid id' });",
      ],
      [
        'guard-number',
        "if (!/^\\d+$/.test(req.params.id)) return res.status(404).json({ error: 'id not found' });",
      ],
    ],
    within: 4,
  },
  'a name that is taken': {
    files: {
      'server.js': `${EXPRESS}
app.post('/tags', async (req, res) => {
  const { rows } = await pool.query('INSERT INTO tags (name) VALUES ($1) RETURNING id', [req.body.name]);
  res.status(201).json(rows[0]);
});
`,
    },
    type: 'error',
    error: 'duplicate key value violates unique constraint "tags_name_key"',
    frames: [['server.js', "|await pool.query('INSERT INTO tags"]],
    expect: [
      [
        'sql-answer',
        "if (error.code === '23505') {\nreturn res.status(409).json({ error: 'already exists' });",
      ],
    ],
    within: 1,
  },
  'a column that the database does not have': {
    files: {
      'server.js': `${EXPRESS}
app.get('/members', async (req, res) => {
  const { rows } = await pool.query('SELECT id, nmae FROM users ORDER BY nmae');
  res.json(rows);
});
`,
    },
    type: 'error',
    error: 'column "nmae" does not exist',
    raw: 'error: column "nmae" does not exist\n hint: \'Perhaps you meant to reference the column "users.name".\'',
    frames: [['server.js', "|await pool.query('SELECT id, nmae"]],
    expect: [['rename-column', 'SELECT id, name FROM users ORDER BY name']],
    within: 1,
  },
  'an empty list is summed up': {
    files: {
      'server.js': `${EXPRESS}
app.get('/carts/:id/total', async (req, res) => {
  const { rows } = await pool.query('SELECT price FROM lines WHERE cart = $1', [req.params.id]);
  const total = rows.map((row) => row.price).reduce((a, b) => a + b);
  res.json({ total });
});
`,
    },
    error: 'Reduce of empty array with no initial value',
    frames: [['server.js', '.|reduce']],
    expect: [['reduce-initial', 'reduce((a, b) => a + b, 0)']],
    within: 1,
  },
  'one past the end': {
    files: {
      'server.js': `function sum(items) {
  let sum = 0;
  for (let i = 0; i <= items.length; i++) {
    sum += items[i].price;
  }
  return sum;
}
module.exports = { sum };
`,
    },
    error: "Cannot read properties of undefined (reading 'price')",
    frames: [['server.js', 'items[i].|price']],
    expect: [['fix-bounds', 'i < items.length']],
    within: 1,
  },
  'the item after the last': {
    files: {
      'a.js': `exports.gaps = (xs) => {\n  const out = [];\n  for (let i = 0; i < xs.length; i++) {\n    out.push(xs[i + 1].at - xs[i].at);\n  }\n  return out;\n};\n`,
    },
    error: "Cannot read properties of undefined (reading 'at')",
    frames: [['a.js', 'xs[i + 1].|at']],
    expect: [['fix-bounds', 'i < xs.length - 1']],
    within: 1,
  },
  'a date that is none': {
    files: {
      'server.js': `${EXPRESS}
app.get('/report', async (req, res) => {
  const from = new Date(req.query.from);
  res.json({ from: from.toISOString() });
});
`,
    },
    type: 'RangeError',
    error: 'Invalid time value',
    frames: [['server.js', 'from.|toISOString']],
    request: { method: 'GET', target: '/report?from=yesterday' },
    expect: [
      [
        'guard-number',
        "if (Number.isNaN(from.getTime())) return res.status(400).json({ error: 'invalid from' });",
      ],
    ],
    within: 2,
  },
  'a stored date that is null': {
    files: {
      'a.js': `exports.view = (row) => ({ id: row.id, shipped: new Date(row.shipped_at).toISOString() });\n`,
    },
    type: 'RangeError',
    error: 'Invalid time value',
    frames: [['a.js', '.|toISOString']],
    calls: [{ protocol: 'postgres', response: { columns: [{ name: 'shipped_at' }], rows: [[null]] } }],
    expect: [['guard-date', 'shipped: (row.shipped_at ? new Date(row.shipped_at).toISOString() : null)']],
    within: 2,
  },
  'a BigInt and a number': {
    files: {
      'a.js': `exports.total = (cents) => {\n  const sum = BigInt(cents);\n  return sum * 100;\n};\n`,
    },
    error: 'Cannot mix BigInt and other types, use explicit conversions',
    frames: [['a.js', '|sum * 100']],
    expect: [
      ['bigint-mix', 'return Number(sum) * 100;'],
      ['bigint-mix', 'return sum * 100n;'],
    ],
    within: 3,
  },
  'a BigInt in JSON': {
    files: {
      'server.js': `${EXPRESS}
app.get('/count', async (req, res) => {
  const { rows } = await pool.query('SELECT count(*) FROM users');
  const count = BigInt(rows[0].count);
  res.json({ count });
});
`,
    },
    error: 'Do not know how to serialize a BigInt',
    frames: [['server.js', 'res.|json({ count']],
    expect: [['bigint-json', 'const count = Number(rows[0].count);']],
    within: 4,
  },
  'a text that becomes a pattern': {
    files: {
      'a.js': `exports.search = (names, q) => names.filter((name) => new RegExp(q, 'i').test(name));\n`,
    },
    type: 'SyntaxError',
    error: 'Invalid regular expression: /(/i: Unterminated group',
    frames: [['a.js', '|new RegExp']],
    expect: [['escape-regex', "new RegExp(q.replace(/[.*+?^${}()|[\\]\\\\]/g, '\\\\$&'), 'i')"]],
    within: 1,
  },
  'a numeric column is a text': {
    files: {
      'server.js': `${EXPRESS}
app.get('/balance/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT balance FROM accounts WHERE id = $1', [req.params.id]);
  res.json({ balance: rows[0].balance.toFixed(2) });
});
`,
    },
    error: 'rows[0].balance.toFixed is not a function',
    frames: [['server.js', 'balance.|toFixed']],
    calls: [
      { protocol: 'postgres', response: { columns: [{ name: 'balance', type: 1700 }], rows: [['10.00']] } },
    ],
    expect: [['coerce-receiver', 'Number(rows[0].balance).toFixed(2)']],
    within: 2,
  },
  'a client without a listener for errors': {
    files: {
      'server.js': `const { createClient } = require('redis');\nconst cache = createClient({ url: process.env.REDIS_URL });\ncache.connect();\n`,
    },
    detector: 'crash',
    type: 'SocketClosedUnexpectedlyError',
    error: 'Socket closed unexpectedly',
    raw: "node:events:486\n      throw er; // Unhandled 'error' event",
    frames: [['server.js', '|createClient({']],
    expect: [
      [
        'listen-for-errors',
        "cache.on('error', (error) => console.error('cache: connection failed', error));",
      ],
    ],
    within: 1,
  },
  'a connection that is not given back': {
    files: {
      'server.js': `${EXPRESS}
app.post('/transfer', async (req, res) => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('UPDATE accounts SET balance = balance - $1 WHERE id = $2', [req.body.amount, req.body.from]);
  await client.query('COMMIT');
  client.release();
  res.json({ ok: true });
});
`,
    },
    type: 'Error',
    error: 'timeout exceeded when trying to connect',
    frames: [['server.js', '|await pool.connect']],
    expect: [['release-in-finally', "await client.query('ROLLBACK');"]],
    within: 2,
  },
  'another service that never answers': {
    files: {
      'server.js': `${EXPRESS}
app.get('/stock/:sku', async (req, res) => {
  const answer = await fetch(process.env.STOCK_URL + req.params.sku);
  if (!answer.ok) return res.status(502).json({ error: 'stock unavailable' });
  res.json(await answer.json());
});
`,
    },
    detector: 'server-error',
    type: 'Timeout',
    error: 'no answer within 30 s',
    request: { method: 'GET', target: '/stock/1' },
    expect: [['fetch-timeout', 'signal: AbortSignal.timeout(5000)']],
    within: 3,
  },
  'an object where a text is needed': {
    files: {
      'server.js': `${HTTP}
  res.writeHead(200);
  res.end({ ok: true });
});
`,
    },
    error:
      'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received an instance of Object',
    frames: [['server.js', 'res.|end({ ok']],
    expect: [['stringify-body', 'res.end(JSON.stringify({ ok: true }));']],
    within: 1,
  },
  'no ids at all': {
    files: {
      'server.js': `${EXPRESS}
app.post('/batch', async (req, res) => {
  const { ids } = req.body;
  const marks = ids.map((_, i) => '$' + (i + 1)).join(', ');
  const { rows } = await pool.query('SELECT * FROM users WHERE id IN (' + marks + ')', ids);
  res.json(rows);
});
`,
    },
    type: 'error',
    error: 'syntax error at or near ")"',
    frames: [['server.js', "|await pool.query('SELECT * FROM users WHERE id IN"]],
    expect: [
      ['empty-in-list', 'if (ids.length === 0) return res.json([]);'],
      ['empty-in-list', "if (ids.length === 0) return res.status(400).json({ error: 'invalid ids' });"],
    ],
    within: 2,
  },
  'two statements of one name': {
    files: {
      'db.js': `exports.all = (db) => db.query({ name: 'find', text: 'SELECT a FROM t', values: [] });\nexports.low = (db) => db.query({ name: 'find', text: 'SELECT b FROM t', values: [] });\n`,
    },
    type: 'Error',
    error: "Prepared statements must be unique - 'find' was used for a different statement",
    frames: [['db.js', "|db.query({ name: 'find', text: 'SELECT b"]],
    expect: [['unique-statement-name', "name: 'find-low', text: 'SELECT b FROM t'"]],
    within: 2,
  },
  'a transaction that is left open': {
    files: {
      'server.js': `${EXPRESS}
app.post('/transfers', async (req, res) => {
  await pool.query('BEGIN');
  try {
    await pool.query('UPDATE accounts SET balance = balance - 1');
    await pool.query('COMMIT');
  } catch (error) {
    return res.status(409).json({ error: 'not enough money' });
  }
  res.status(201).json({ ok: true });
});
`,
    },
    type: 'error',
    error: 'current transaction is aborted, commands ignored until end of transaction block',
    frames: [['server.js', "|await pool.query('SELECT id, name FROM users"]],
    expect: [['roll-back', "catch (error) { await pool.query('ROLLBACK'); return res.status(409)"]],
    within: 1,
  },
  'a quotient by nothing': {
    files: {
      'server.js': `${EXPRESS}
app.get('/average/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT stars FROM reviews WHERE product = $1', [req.params.id]);
  const average = rows.reduce((sum, row) => sum + row.stars, 0) / rows.length;
  res.json({ average, bar: '*'.repeat(BigInt(average) === 0n ? 0 : 1) });
});
`,
    },
    type: 'RangeError',
    error: 'The number NaN cannot be converted to a BigInt because it is not an integer',
    frames: [['server.js', '|BigInt(average)']],
    expect: [['guard-division', 'rows.length === 0 ? 0 : rows.reduce']],
    within: 6,
  },
};
