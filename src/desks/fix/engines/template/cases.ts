import type { Case } from './fixture.ts';

/** What must be among the first candidates: the transformation and a text that it adds. */
export type Expected = [by: string, adds: string][];

const EXPRESS = `const express = require('express');
const { Pool } = require('pg');
const app = express();
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', (err) => console.error(err));
app.use(express.json());

app.get('/users/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT id, name FROM users WHERE id = $1', [req.params.id]);
  if (rows.length === 0) {
    return res.status(404).json({ error: 'user not found' });
  }
  res.json(rows[0]);
});

app.post('/users', async (req, res) => {
  if (!req.body.name) return res.status(400).json({ error: 'name is required' });
  res.status(201).json({ ok: true });
});
`;

const KOA = `import Koa from 'koa';
import Router from '@koa/router';
import { db } from './db.js';

const router = new Router();

router.get('/books/:id', async (ctx) => {
  const book = await db.findBook(ctx.params.id);
  if (!book) {
    ctx.status = 404;
    ctx.body = { message: 'Book not found' };
    return;
  }
  ctx.body = book;
});
`;

const FASTIFY = `import Fastify from 'fastify'
import pg from 'pg'

const app = Fastify({ logger: true })
const pool = new pg.Pool()
pool.on('error', (error) => app.log.error(error))

app.get('/items/:id', async (request, reply) => {
  const { rows } = await pool.query('select * from items where id = $1', [request.params.id])
  if (!rows[0]) return reply.code(404).send({ error: 'no such item' })
  return rows[0]
})
`;

const HTTP = `const http = require('http');

function send(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

const products = new Map([[1, { id: 1, name: 'lamp' }]]);

const server = http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost');
  if (req.method === 'GET' && url.pathname === '/health') {
    return send(res, 200, { ok: true });
  }
  if (req.method === 'POST' && url.pathname === '/products') {
    return send(res, 400, { error: 'bad request' });
  }
`;

const empty = { columns: [{ name: 'id' }], rows: [] };

export const cases: Record<string, Case & { expect: Expected; within?: number }> = {
  'express: a row that is not there': {
    files: {
      'server.js': `${EXPRESS}
app.get('/orders/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM orders WHERE id = $1', [req.params.id]);
  const order = rows[0];
  res.json({ id: order.id, total: order.total });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'id')",
    frames: [['server.js', 'order.|id, total']],
    calls: [{ protocol: 'postgres', response: empty }],
    request: { method: 'GET', target: '/orders/9' },
    expect: [['answer-missing', "if (!order) {\nreturn res.status(404).json({ error: 'order not found' });"]],
    within: 2,
  },
  'express: an optional relation in another file': {
    files: {
      'src/routes.js': `${EXPRESS}
const { total } = require('./price');
app.post('/checkout', async (req, res) => {
  const { rows: [cart] } = await pool.query('SELECT * FROM carts WHERE id = $1', [req.body.cart]);
  const coupon = await findCoupon(req.body.coupon);
  res.json({ total: total(cart, coupon) });
});
async function findCoupon(code) {
  const { rows } = await pool.query('SELECT * FROM coupons WHERE code = $1', [code]);
  return rows[0] ?? null;
}
`,
      'src/price.js': `exports.total = function total(cart, coupon) {
  const discount = cart.sum * coupon.percent / 100;
  return cart.sum - discount;
};
`,
    },
    error: "Cannot read properties of null (reading 'percent')",
    frames: [
      ['src/price.js', 'coupon.|percent'],
      ['src/routes.js', 'total: |total(cart'],
    ],
    request: { method: 'POST', target: '/checkout', body: '{"cart":7,"coupon":"NOPE"}' },
    expect: [
      ['answer-missing', "if (!coupon) {\nreturn res.status(404).json({ error: 'coupon not found' });"],
      ['optional-chain', 'cart.sum * (coupon?.percent ?? 0) / 100'],
      ['answer-missing', "if (!coupon) return res.status(400).json({ error: 'invalid coupon' });"],
    ],
    within: 10,
  },
  'koa: a missing thing in the form of its sibling': {
    files: {
      'src/app.js': `${KOA}
router.get('/authors/:id', async (ctx) => {
  const author = await db.findAuthor(ctx.params.id);
  ctx.body = { name: author.name, born: author.born };
});
`,
      'src/db.js': `export const db = {
  async findBook(id) {
    const { rows } = await pool.query('select * from books where id = $1', [id]);
    return rows[0];
  },
  async findAuthor(id) {
    const { rows } = await pool.query('select * from authors where id = $1', [id]);
    return rows[0];
  },
};
`,
    },
    error: "Cannot read properties of undefined (reading 'name')",
    frames: [['src/app.js', 'author.|name']],
    request: { method: 'GET', target: '/authors/7' },
    expect: [
      ['answer-missing', "if (!author) {\nctx.status = 404;\nctx.body = { message: 'Author not found' };"],
    ],
    within: 2,
  },
  'fastify: without semicolons': {
    files: {
      'app.mjs': `${FASTIFY}
app.get('/items/:id/price', async (request, reply) => {
  const { rows } = await pool.query('select price from items where id = $1', [request.params.id])
  return { price: Number(rows[0].price) }
})
`,
    },
    error: "Cannot read properties of undefined (reading 'price')",
    frames: [['app.mjs', 'rows[0].|price']],
    calls: [{ protocol: 'postgres', response: empty }],
    request: { method: 'GET', target: '/items/9/price' },
    expect: [
      ['answer-missing', "if (rows.length === 0) return reply.code(404).send({ error: 'no such item' })"],
    ],
    within: 3,
  },
  'http: a map whose keys are numbers': {
    files: {
      'server.js': `${HTTP}
  const match = /^\\/products\\/(\\w+)$/.exec(url.pathname);
  if (match) {
    const id = match[1];
    const product = products.get(id);
    return send(res, 200, { name: product.name });
  }
  send(res, 404, { error: 'not found' });
});
server.listen(process.env.PORT);
`,
    },
    error: "Cannot read properties of undefined (reading 'name')",
    frames: [['server.js', 'product.|name']],
    expect: [
      ['normalise-key', 'products.get(Number(id))'],
      ['answer-missing', "if (!product) return send(res, 404, { error: 'not found' });"],
    ],
    within: 6,
  },
  'a service that throws its errors': {
    files: {
      'src/errors.ts': `export class NotFoundError extends Error {
  status = 404;
}
`,
      'src/users.ts': `import { NotFoundError } from './errors.ts';
import type { Pool } from 'pg';

export class UserService {
  pool: Pool;
  async get(id: string): Promise<User> {
    const { rows } = await this.pool.query('select * from users where id = $1', [id]);
    if (rows.length === 0) throw new NotFoundError('user not found');
    return rows[0];
  }
  async email(id: string): Promise<string> {
    const { rows } = await this.pool.query('select email from users where id = $1', [id]);
    const user = rows[0] as User | undefined;
    return user!.email.toLowerCase();
  }
}
`,
    },
    error: "Cannot read properties of undefined (reading 'email')",
    frames: [['src/users.ts', 'user!.|email']],
    expect: [['answer-missing', "if (!user) throw new NotFoundError('user not found');"]],
    within: 2,
  },
  'a body field that is left out': {
    files: {
      'server.js': `${EXPRESS}
app.post('/orders', async (req, res) => {
  const { items, note } = req.body;
  const lines = items.map((item) => item.sku);
  res.status(201).json({ lines, note });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'map')",
    frames: [['server.js', 'items.|map']],
    request: { method: 'POST', target: '/orders', body: '{"note":"x"}' },
    expect: [
      [
        'validate-input',
        "if (!Array.isArray(items)) return res.status(400).json({ error: 'items is required' });",
      ],
      ['default-value', 'const { items = [], note } = req.body;'],
    ],
    within: 6,
  },
  'a query parameter that is left out': {
    files: {
      'server.js': `${EXPRESS}
app.get('/search', async (req, res) => {
  const term = req.query.q.trim().toLowerCase();
  const { rows } = await pool.query('SELECT * FROM users WHERE name ILIKE $1', [term]);
  res.json(rows);
});
`,
    },
    error: "Cannot read properties of undefined (reading 'trim')",
    frames: [['server.js', 'req.query.q.|trim']],
    request: { method: 'GET', target: '/search' },
    expect: [
      [
        'validate-input',
        "if (typeof req.query.q !== 'string') return res.status(400).json({ error: 'q is required' });",
      ],
      ['optional-chain', "req.query.q?.trim().toLowerCase() ?? ''"],
    ],
    within: 6,
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
  'a promise used as its value': {
    files: {
      'server.js': `${EXPRESS}
async function loadCart(id) {
  const { rows } = await pool.query('SELECT * FROM carts WHERE id = $1', [id]);
  return { id, items: rows };
}
app.get('/carts/:id', async (req, res) => {
  const cart = loadCart(req.params.id);
  res.json({ count: cart.items.length });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'length')",
    frames: [['server.js', 'items.|length']],
    request: { method: 'GET', target: '/carts/1' },
    expect: [['add-await', 'const cart = await loadCart(req.params.id);']],
    within: 1,
  },
  'two answers to one request': {
    files: {
      'server.js': `${EXPRESS}
app.get('/teams/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM teams WHERE id = $1', [req.params.id]);
  if (rows.length === 0) {
    res.status(404).json({ error: 'team not found' });
  }
  res.json({ team: rows });
});
`,
    },
    type: 'Error',
    error: 'Cannot set headers after they are sent to the client',
    frames: [['server.js', 'res.|json({ team']],
    expect: [['return-after-answer', "return res.status(404).json({ error: 'team not found' });"]],
    within: 1,
  },
  'a function that forgets to return': {
    files: {
      'server.js': `${EXPRESS}
const toView = (row) => {
  const view = { id: row.id, name: row.name.trim() };
};
app.get('/people/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM people');
  const view = toView(rows[0]);
  res.json({ name: view.name });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'name')",
    frames: [['server.js', 'view.|name']],
    expect: [['return-value', 'return view;']],
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
  'a commit turned a condition around': {
    files: {
      'a.js': `exports.label = (user) => {\n  if (user === null) {\n    return user.name;\n  }\n  return 'guest';\n};\n`,
    },
    error: "Cannot read properties of null (reading 'name')",
    frames: [['a.js', 'user.|name']],
    suspect: {
      sha: 'abcdef0123456789',
      subject: 'Tidy the label',
      diff: `diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1,5 +1,5 @@\n exports.label = (user) => {\n-  if (user !== null) {\n+  if (user === null) {\n     return user.name;\n   }\n   return 'guest';\n`,
    },
    expect: [['flip-condition', 'if (user !== null) {']],
    within: 1,
  },
  'a commit took a check away': {
    files: { 'a.js': `exports.label = (user) => {\n  const name = user.name;\n  return name;\n};\n` },
    error: "Cannot read properties of null (reading 'name')",
    frames: [['a.js', 'user.|name']],
    suspect: {
      sha: 'abcdef0123456789',
      subject: 'Simplify',
      diff: `diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1,4 +1,4 @@\n exports.label = (user) => {\n-  const name = user ? user.name : 'guest';\n+  const name = user.name;\n   return name;\n };\n`,
    },
    expect: [['revert-hunk', "const name = user ? user.name : 'guest';"]],
    within: 8,
  },
  'an unknown key of a table': {
    files: {
      'a.js': `const SHIPPING = {\n  eu: { cost: 5 },\n  us: { cost: 9 },\n  default: { cost: 15 },\n};\nexports.cost = (country) => SHIPPING[country].cost;\n`,
    },
    error: "Cannot read properties of undefined (reading 'cost')",
    frames: [['a.js', 'SHIPPING[country].|cost']],
    expect: [['table-default', '(SHIPPING[country] ?? SHIPPING.default).cost']],
    within: 1,
  },
  'a key in another case': {
    files: {
      'server.js': `${EXPRESS}
const RATES = { eur: { rate: 1 }, usd: { rate: 1.1 } };
app.get('/convert', (req, res) => {
  const { currency } = req.query;
  res.json({ rate: RATES[currency].rate });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'rate')",
    frames: [['server.js', 'RATES[currency].|rate']],
    request: { method: 'GET', target: '/convert?currency=EUR' },
    expect: [['normalise-key', 'RATES[currency.toLowerCase()].rate']],
    within: 2,
  },
  'an id that is a text': {
    files: {
      'server.js': `${EXPRESS}
const PLANS = [{ id: 1, name: 'free' }, { id: 2, name: 'team' }];
app.get('/plans/:id', (req, res) => {
  const plan = PLANS.find((each) => each.id === req.params.id);
  res.json({ name: plan.name });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'name')",
    frames: [['server.js', 'plan.|name']],
    request: { method: 'GET', target: '/plans/1' },
    expect: [
      ['compare-as-number', 'each.id === Number(req.params.id)'],
      ['answer-missing', "return res.status(404).json({ error: 'plan not found' });"],
    ],
    within: 6,
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
  'a constant that varies': {
    files: {
      'a.js': `exports.f = (xs) => {\n  const n = 0;\n  for (const x of xs) n += x;\n  return n;\n};\n`,
    },
    error: 'Assignment to constant variable.',
    frames: [['a.js', 'n |+= x']],
    expect: [['const-to-let', 'let n = 0;']],
    within: 1,
  },
  'a class without new': {
    files: { 'a.js': `class Cart {}\nexports.f = () => Cart();\n` },
    error: "Class constructor Cart cannot be invoked without 'new'",
    frames: [['a.js', '|Cart();']],
    expect: [['add-new', 'exports.f = () => new Cart();']],
    within: 1,
  },
  'a method without its object': {
    files: {
      'server.js': `${EXPRESS}
class Controller {
  constructor(pool) {
    this.pool = pool;
  }
  async list(req, res) {
    const { rows } = await this.pool.query('SELECT 1');
    res.json(rows);
  }
}
const controller = new Controller(pool);
app.get('/list', controller.list);
`,
    },
    error: "Cannot read properties of undefined (reading 'pool')",
    frames: [['server.js', 'this.|pool.query']],
    expect: [['bind-method', "app.get('/list', controller.list.bind(controller));"]],
    within: 1,
  },
  'an async callback that nobody waits for': {
    files: {
      'server.js': `${EXPRESS}
app.post('/import', async (req, res) => {
  const names = [];
  req.body.rows.forEach(async (row) => {
    const { rows } = await pool.query('SELECT name FROM users WHERE id = $1', [row.id]);
    names.push(rows[0].name);
  });
  res.json({ names });
});
`,
    },
    detector: 'unhandled-rejection',
    error: "Cannot read properties of undefined (reading 'name')",
    frames: [['server.js', 'rows[0].|name']],
    expect: [['await-each', 'for (const row of req.body.rows) {']],
    within: 5,
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
  'a name with a slip': {
    files: {
      'a.js': `exports.f = (order) => {\n  const discount = order.total / 10;\n  return order.total - discuont;\n};\n`,
    },
    type: 'ReferenceError',
    error: 'discuont is not defined',
    frames: [['a.js', '|discuont']],
    expect: [['fix-name', 'return order.total - discount;']],
    within: 1,
  },
  'a module that is not imported': {
    files: {
      'a.js': `const express = require('express');\n\nexports.id = () => crypto2() + randomUUID();\n`,
    },
    type: 'ReferenceError',
    error: 'randomUUID is not defined',
    frames: [['a.js', '|randomUUID()']],
    expect: [['import-missing', "const { randomUUID } = require('node:crypto');"]],
    within: 1,
  },
  'an own function that is not imported': {
    files: {
      'src/money.js': `export function format(cents) {\n  return (cents / 100).toFixed(2);\n}\n`,
      'src/a.js': `import express from 'express';\n\nexport const view = (row) => ({ price: format(row.price) });\n`,
    },
    type: 'ReferenceError',
    error: 'format is not defined',
    frames: [['src/a.js', '|format(row']],
    expect: [['import-missing', "import { format } from './money.js';"]],
    within: 1,
  },
  'a method with a slip': {
    files: { 'a.js': `exports.f = (text) => text.toLowercase().trim();\n` },
    error: 'text.toLowercase is not a function',
    frames: [['a.js', 'text.|toLowercase']],
    expect: [['fix-method', 'text.toLowerCase().trim()']],
    within: 1,
  },
  'a callback whose error is not looked at': {
    files: {
      'server.js': `${EXPRESS}
app.get('/legacy/:id', (req, res, next) => {
  pool.query('SELECT * FROM legacy WHERE id = $1', [req.params.id], (err, result) => {
    res.json(result.rows);
  });
});
`,
    },
    detector: 'crash',
    error: "Cannot read properties of undefined (reading 'rows')",
    frames: [['server.js', 'result.|rows']],
    expect: [['guard-callback-error', 'if (err) return next(err);']],
    within: 2,
  },
  'a catch that goes on': {
    files: {
      'server.js': `${EXPRESS}
app.get('/quote', async (req, res) => {
  let quote;
  try {
    quote = await (await fetch(process.env.QUOTES)).json();
  } catch (err) {
    console.error(err);
  }
  res.json({ text: quote.text });
});
`,
    },
    error: "Cannot read properties of undefined (reading 'text')",
    frames: [['server.js', 'quote.|text']],
    expect: [['leave-catch', "return res.status(502).json({ error: 'bad gateway' });"]],
    within: 3,
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
  'items of a list without a relation': {
    files: {
      'a.js': `exports.names = (orders) => {\n  const names = [];\n  for (const order of orders) {\n    names.push(order.customer.name);\n  }\n  return names;\n};\n`,
    },
    error: "Cannot read properties of null (reading 'name')",
    frames: [['a.js', 'customer.|name']],
    expect: [
      ['skip-missing', 'if (!order.customer) continue;'],
      ['optional-chain', 'order.customer?.name'],
    ],
    within: 5,
  },
  'a list that is not there': {
    files: {
      'a.js': `exports.f = (row) => {\n  const out = [];\n  for (const tag of row.tags) out.push(tag);\n  return out;\n};\n`,
    },
    error: 'row.tags is not iterable',
    frames: [['a.js', 'row.|tags']],
    expect: [['default-value', 'of row.tags ?? []']],
    within: 2,
  },
  'a parameter that is left out': {
    files: { 'a.js': `exports.page = (list, options) => list.slice(0, options.limit);\n` },
    error: "Cannot read properties of undefined (reading 'limit')",
    frames: [['a.js', 'options.|limit']],
    expect: [['default-value', '(list, options = {})']],
    within: 2,
  },
  'an async handler in express 4': {
    files: {
      'server.js': `${EXPRESS}
app.get('/boom', async (req, res) => {
  const answer = await compute(req.query.x);
  res.json(answer);
});
`,
    },
    detector: 'unhandled-rejection',
    type: 'Error',
    error: 'cannot compute',
    frames: [['server.js', '|await compute']],
    expect: [['catch-rejection', 'next(error);']],
    within: 2,
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
  'a check that all others make': {
    files: {
      'server.js': `const express = require('express');
const app = express();
const badRequest = (res, name) => res.status(400).json({ error: name + ' is invalid' });
const positive = (text, or) => (text === undefined ? or : /^[1-9][0-9]*$/.test(text) ? Number(text) : NaN);
app.get('/a', (req, res) => {
  const page = positive(req.query.page, 1);
  if (Number.isNaN(page)) return badRequest(res, 'page');
  res.json({ page });
});
app.get('/b', (request, response) => {
  const size = positive(request.query.size, 10);
  response.json({ bar: '*'.repeat(size) });
});
`,
    },
    type: 'RangeError',
    error: 'Invalid count value: NaN',
    frames: [['server.js', "'*'.|repeat"]],
    expect: [['sibling-guard', "if (Number.isNaN(size)) return badRequest(response, 'size');"]],
    within: 1,
  },
  'a helper that cannot answer itself': {
    files: {
      'cart.js': `exports.total = async (repo, code) => {\n  const coupon = await repo.findCoupon(code);\n  return 100 * (1 - coupon.percent / 100);\n};\n`,
      'server.js': `${EXPRESS}
const { total } = require('./cart');
app.post('/checkout', async (req, res) => {
  const sum = await total(repo, req.body.coupon);
  res.json({ sum });
});
`,
    },
    error: "Cannot read properties of null (reading 'percent')",
    frames: [
      ['cart.js', 'coupon.|percent'],
      ['server.js', '|await total(repo'],
    ],
    expect: [
      ['answer-for-helper', 'if (!coupon) return null;'],
      ['answer-for-helper', 'if (sum === null) {'],
      ['optional-chain', '(coupon?.percent ?? 0)'],
    ],
    within: 6,
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
  'a header that is not sent': {
    files: {
      'server.js': `${EXPRESS}
app.use((req, res, next) => {
  const token = req.headers.authorization.split(' ')[1];
  if (token !== process.env.TOKEN) return res.status(401).json({ error: 'unauthorized' });
  next();
});
`,
    },
    error: "Cannot read properties of undefined (reading 'split')",
    frames: [['server.js', 'authorization.|split']],
    expect: [
      [
        'validate-input',
        "if (typeof req.headers.authorization !== 'string') return res.status(401).json({ error: 'unauthorized' });",
      ],
    ],
    within: 1,
  },
  'a handler without a response parameter': {
    files: {
      'app.mjs': `${FASTIFY}
app.get('/items/:id/label', async (request) => {
  const { rows } = await pool.query('select * from items where id = $1', [request.params.id])
  const item = rows[0]
  return { label: item.name }
})
`,
    },
    error: "Cannot read properties of undefined (reading 'name')",
    frames: [['app.mjs', 'item.|name']],
    expect: [
      ['answer-missing', "app.get('/items/:id/label', async (request, reply) => {"],
      [
        'answer-missing',
        "const item = rows[0] if (!item) return reply.code(404).send({ error: 'no such item' })",
      ],
    ],
    within: 2,
  },
  'an error that was logged by its message only': {
    files: {
      'server.js': `${EXPRESS}
app.get('/parcels/:id', async (req, res) => {
  try {
    const parcel = await load(req.params.id);
    res.json({ owner: parcel.owner.email });
  } catch (error) {
    console.error(error.message);
    res.status(500).json({ error: 'failed' });
  }
});
async function load(id) {
  const { rows } = await pool.query('SELECT * FROM parcels WHERE id = $1', [id]);
  return rows[0];
}
`,
    },
    detector: 'server-error',
    error: "Cannot read properties of undefined (reading 'owner')",
    request: { method: 'GET', target: '/parcels/3' },
    expect: [
      ['answer-missing', "if (!parcel) { return res.status(404).json({ error: 'parcel not found' }); }"],
    ],
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
  'a helper that is given nothing': {
    files: {
      'a.js': `exports.initials = (person) => {\n  if (person.hidden) return null;\n  const words = person.name.split(' ');\n  return words.map((word) => word[0]).join('');\n};\n`,
    },
    error: "Cannot read properties of null (reading 'split')",
    frames: [['a.js', 'name.|split']],
    expect: [['return-nothing', 'if (!person.name) return null;']],
    within: 3,
  },
  'a value that is used while it is loading': {
    files: {
      'a.mjs': `let table = null;\nexport async function rate(key) {\n  if (!table) {\n    table = await load();\n  }\n  return table.rates[key];\n}\nasync function load() {\n  return (await fetch(process.env.URL)).json();\n}\n`,
    },
    error: "Cannot read properties of null (reading 'rates')",
    frames: [['a.mjs', 'table.|rates']],
    expect: [['share-loading', 'table ??= load(); return (await table).rates[key];']],
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
