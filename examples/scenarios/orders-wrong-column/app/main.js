import Fastify from 'fastify';
import { customerOrders, order, orders } from './queries/orders.js';

const app = Fastify({ logger: { level: 'warn' } });

app.get('/orders', async (request) => ({ orders: await orders(request.query.status ?? 'open') }));

app.get('/orders/:id', async (request, reply) => {
  const found = await order(request.params.id);
  return found ?? reply.code(404).send({ error: 'order not found' });
});

app.get('/customers/:id/orders', async (request) => {
  const found = await customerOrders(request.params.id);
  return { customer: Number(request.params.id), last: found[0]?.placedOn.toISOString().slice(0, 10) ?? null, orders: found.map(({ id }) => id) };
});

app.listen({ port: Number(process.env.PORT) });
