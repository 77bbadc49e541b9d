import type { Expectation } from '../fixture.ts';
import { EXPRESS } from './apps.ts';

/** Slips of the pen, of control flow and of waiting; what a commit broke. */
export const slips: Record<string, Expectation> = {
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
  'a value that is used while it is loading': {
    files: {
      'a.mjs': `let table = null;\nexport async function rate(key) {\n  if (!table) {\n    table = await load();\n  }\n  return table.rates[key];\n}\nasync function load() {\n  return (await fetch(process.env.URL)).json();\n}\n`,
    },
    error: "Cannot read properties of null (reading 'rates')",
    frames: [['a.mjs', 'table.|rates']],
    expect: [['share-loading', 'table ??= load(); return (await table).rates[key];']],
    within: 1,
  },
};
