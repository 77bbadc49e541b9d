const { Pool } = require('pg');
const { createOrders } = require('./orders');
const { renderReceipt } = require('./receipt');

const app = require('fastify')({ logger: { level: process.env.LOG_LEVEL || 'info' } });
const orders = createOrders(new Pool({ connectionString: process.env.DATABASE_URL, max: 3 }));

app.get('/orders', async () => ({ orders: await orders.list() }));

app.get('/orders/:id', async (request, reply) => {
  const order = await orders.find(request.params.id);
  if (!order) return reply.code(404).send({ error: 'order not found' });
  return order;
});

app.get('/orders/:id/receipt', async (request, reply) => {
  const order = await orders.find(request.params.id);
  if (!order) return reply.code(404).send({ error: 'order not found' });
  return renderReceipt(order);
});

app.get('/tracking/:code/receipt', async (request, reply) => {
  const order = await orders.findByCode(request.params.code);
  if (!order) return reply.code(404).send({ error: 'order not found' });
  return renderReceipt(order);
});

app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' }).catch((error) => {
  app.log.error(error);
  process.exit(1);
});
