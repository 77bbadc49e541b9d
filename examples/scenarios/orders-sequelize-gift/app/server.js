import express from 'express';
import * as store from './store.js';

const app = express();
app.use(express.json());

app.get('/customers/:id', async (request, response) => {
  const customer = await store.customer(Number(request.params.id));
  if (!customer) return response.status(404).json({ error: 'no such customer' });
  response.json({ name: customer.name, nick: customer.nick });
});

app.get('/orders/:id', async (request, response) => {
  const order = await store.order(Number(request.params.id));
  if (!order) return response.status(404).json({ error: 'no such order' });
  response.json({ id: order.id, sku: order.product.sku, quantity: order.quantity, label: order.label });
});

app.post('/orders', async (request, response) => {
  const { customer: who, sku, quantity, gift } = request.body;
  const customer = await store.customer(who);
  if (!customer) return response.status(404).json({ error: 'no such customer' });
  const label = gift ? `For ${customer.nickname.trim()}` : customer.name.trim();
  const product = await store.product(sku);
  if (!product) return response.status(404).json({ error: 'no such product' });
  if (product.stock < quantity) return response.status(409).json({ error: 'not that many left' });
  const { id, left } = await store.place(customer.id, product.id, quantity, label);
  response.status(201).json({ id, label, left });
});

app.use((error, request, response, next) => {
  console.error(error);
  response.status(500).json({ error: 'internal' });
});

await store.ready();
app.listen(process.env.PORT, '127.0.0.1');
