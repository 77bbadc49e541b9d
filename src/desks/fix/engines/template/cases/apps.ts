/** The apps that the cases are added to: each answers some errors already, so that there is something to follow. */
export const EXPRESS = `const express = require('express');
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

export const KOA = `import Koa from 'koa';
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

export const FASTIFY = `import Fastify from 'fastify'
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

export const HTTP = `const http = require('http');

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

export const EMPTY = { columns: [{ name: 'id' }], rows: [] };
