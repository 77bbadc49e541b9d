import Fastify from 'fastify';
import pg from 'pg';
import { verify } from './token.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 3 });
const app = Fastify({ logger: { level: 'error' } });

app.decorateRequest('user', null);

app.addHook('onRequest', async (request, reply) => {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  const claims = scheme === 'Bearer' ? verify(token, process.env.TOKEN_SECRET) : null;
  if (!claims) return reply.code(401).send({ error: 'sign in first' });
  request.user = { name: claims.sub, roles: claims.roles };
});

/** Whoever has none of the roles is turned away. */
const allow = (...roles) => async (request, reply) => {
  if (!roles.some((role) => request.user.roles.includes(role))) {
    return reply.code(403).send({ error: `needs role ${roles.join(' or ')}` });
  }
};

app.get('/me', async (request) => ({ name: request.user.name }));

app.get('/reports', { preHandler: allow('reader', 'admin') }, async () => {
  const { rows } = await pool.query('SELECT id, title FROM reports ORDER BY id');
  return { reports: rows };
});

app.get('/reports/:id', { preHandler: allow('reader', 'admin') }, async (request, reply) => {
  const { rows } = await pool.query('SELECT id, title, body FROM reports WHERE id = $1', [request.params.id]);
  if (!rows[0]) return reply.code(404).send({ error: 'no such report' });
  return rows[0];
});

app.delete('/reports/:id', { preHandler: allow('admin') }, async (request, reply) => {
  const { rowCount } = await pool.query('DELETE FROM reports WHERE id = $1', [request.params.id]);
  if (rowCount === 0) return reply.code(404).send({ error: 'no such report' });
  return { deleted: request.params.id };
});

await app.listen({ port: Number(process.env.PORT) });
