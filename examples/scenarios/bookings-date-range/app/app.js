import Fastify from 'fastify';
import pg from 'pg';
import { day, isDay, nightsBetween } from './days.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 3 });
const app = Fastify({ logger: { level: 'error' } });

app.get('/rooms/:room/bookings', async (request, reply) => {
  const { from, to } = request.query;
  if (!isDay(from)) return reply.code(400).send({ error: 'from must be a date like 2026-01-31' });
  if (!isDay(to)) return reply.code(400).send({ error: 'to must be a date like 2026-01-31' });
  const { rows } = await pool.query(
    'SELECT id, guest, arrives, leaves FROM bookings WHERE room = $1 AND leaves > $2 AND arrives < $3 ORDER BY arrives',
    [request.params.room, from, to],
  );
  return { bookings: rows };
});

app.get('/rooms/:room/free', async (request, reply) => {
  const on = request.query.on;
  if (!isDay(on)) return reply.code(400).send({ error: 'on must be a date like 2026-01-31' });
  const { rows } = await pool.query('SELECT id FROM bookings WHERE room = $1 AND arrives <= $2 AND leaves > $2', [request.params.room, on]);
  return { on, free: rows.length === 0 };
});

app.post('/rooms/:room/quote', async (request) => {
  const { from, nights } = request.body;
  const leaves = day(new Date(Date.parse(from) + nights * 86_400_000));
  const { rows } = await pool.query('SELECT price FROM rooms WHERE name = $1', [request.params.room]);
  return { from, leaves, nights: nightsBetween(from, leaves), total: rows[0].price * nights };
});

await app.listen({ port: Number(process.env.PORT) });
