import express from 'express';
import { customerOf, invoicesOf, openOrders, orderCount, termsOf, unpaid } from './data.js';

const app = express();

app.get('/customers/:id', async (req, res) => {
  const customer = await customerOf(req.params.id);
  if (!customer) return res.status(404).json({ error: 'no such customer' });
  res.json(customer);
});

app.get('/customers/:id/orders', async (req, res) => res.json({ open: await openOrders(req.params.id) }));

app.get('/customers/:id/invoices', async (req, res) => res.json({ invoices: await invoicesOf(req.params.id) }));

app.get('/customers/:id/summary', async (req, res) => {
  const customer = await customerOf(req.params.id);
  if (!customer) return res.status(404).json({ error: 'no such customer' });
  const terms = customer.company ? termsOf(customer.id) : { label: 'now', days: 0 };
  const label = terms.label.toUpperCase();
  const orders = await orderCount(customer.id);
  const due = await unpaid(customer.id);
  res.json({ name: customer.name, terms: label, orders, due: due.map(({ amount }) => amount) });
});

app.use((error, req, res, next) => {
  console.error(req.method, req.path, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
