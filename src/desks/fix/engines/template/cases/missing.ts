import type { Expectation } from '../fixture.ts';
import { EMPTY, EXPRESS, FASTIFY, HTTP, KOA } from './apps.ts';

/** Values that are not there. */
export const missing: Record<string, Expectation> = {
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
    calls: [{ protocol: 'postgres', response: EMPTY }],
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
    calls: [{ protocol: 'postgres', response: EMPTY }],
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
  'an object made of nothing': {
    files: {
      'a.ts': `export function view(ticket: Ticket, agent: Agent | undefined): View {\n  return { id: ticket.id, agent: { id: agent.id, name: agent.name } };\n}\n`,
    },
    error: "Cannot read properties of undefined (reading 'id')",
    frames: [['a.ts', 'agent.|id']],
    expect: [['null-object', 'agent: agent ? { id: agent.id, name: agent.name } : null }']],
    within: 1,
  },
  'another check of the same value': {
    files: {
      'rooms.js': `const problem = (status, error) => ({ status, body: { error } });
exports.newest = (rooms, name) => {
  const room = rooms.get(name);
  if (!room) return problem(404, 'no such room');
  if (room.members.length === 0) return problem(409, 'room is empty');
  return { status: 200, body: { newest: room.members.at(-1).who } };
};
exports.host = (rooms, name) => {
  const room = rooms.get(name);
  if (!room) return problem(404, 'no such room');
  return { status: 200, body: { host: room.members[0].who } };
};
`,
    },
    error: "Cannot read properties of undefined (reading 'who')",
    frames: [['rooms.js', 'members[0].|who']],
    expect: [
      [
        'sibling-guard',
        "if (room.members.length === 0) return problem(409, 'room is empty'); return { status: 200, body: { host:",
      ],
    ],
    within: 1,
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
  'a helper that is given nothing': {
    files: {
      'a.js': `exports.initials = (person) => {\n  if (person.hidden) return null;\n  const words = person.name.split(' ');\n  return words.map((word) => word[0]).join('');\n};\n`,
    },
    error: "Cannot read properties of null (reading 'split')",
    frames: [['a.js', 'name.|split']],
    expect: [['return-nothing', 'if (!person.name) return null;']],
    within: 3,
  },
};
