const fastify = require('fastify');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const app = fastify({ logger: true });

class PaymentError extends Error {
  constructor(status, text) {
    super(`payment provider answered ${status}: ${text}`);
    this.name = 'PaymentError';
  }
}

/** Asks the provider to take the money. True when it did, false when the card was declined. */
async function charge(order) {
  const answer = await fetch(`${process.env.PROVIDER_URL}/${order.method}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': process.env[`KEY_${order.method.toUpperCase()}`] ?? '' },
    body: JSON.stringify({ order: order.id, amount: order.amount }),
  });
  if (answer.status === 402) return false;
  if (!answer.ok) throw new PaymentError(answer.status, await answer.text());
  return true;
}

app.get('/orders/:id', async (request, reply) => {
  const { rows } = await pool.query('SELECT id, amount, method, paid FROM orders WHERE id = $1', [request.params.id]);
  if (!rows[0]) return reply.code(404).send({ error: 'no such order' });
  return rows[0];
});

app.post('/orders/:id/pay', async (request, reply) => {
  const { rows } = await pool.query('SELECT id, amount, method, paid FROM orders WHERE id = $1', [request.params.id]);
  const order = rows[0];
  if (!order) return reply.code(404).send({ error: 'no such order' });
  if (order.paid) return reply.code(409).send({ error: 'order is paid' });
  if (!(await charge(order))) return reply.code(402).send({ error: 'card declined' });
  await pool.query('UPDATE orders SET paid = true WHERE id = $1', [order.id]);
  return { id: order.id, paid: true };
});

app.setErrorHandler((error, request, reply) => {
  request.log.error({ err: error }, 'request failed');
  if (error instanceof PaymentError) return reply.code(502).send({ error: 'payment provider refused us' });
  return reply.code(500).send({ error: 'internal error' });
});

app.listen({ port: Number(process.env.PORT) });
