import express from 'express';
import pg from 'pg';
import { dueLabel } from './due.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json());

async function findCustomer(id) {
  const { rows } = await pool.query('SELECT id, name, plan FROM customers WHERE id = $1', [id]);
  return rows[0];
}

async function findInvoice(id) {
  const { rows } = await pool.query('SELECT id, customer_id, amount, paid, due_in_days FROM invoices WHERE id = $1', [id]);
  return rows[0];
}

const isId = (text) => /^\d{1,9}$/.test(text);

app.param('id', (req, res, next, id) => {
  if (!isId(id)) return res.status(400).json({ error: 'id must be a number' });
  next();
});

app.get('/customers/:id', async (req, res) => {
  const customer = await findCustomer(req.params.id);
  if (!customer) return res.status(404).json({ error: 'customer not found' });
  res.json(customer);
});

app.get('/customers/:id/invoices', async (req, res) => {
  const customer = await findCustomer(req.params.id);
  const { rows } = await pool.query('SELECT id, amount, paid FROM invoices WHERE customer_id = $1 ORDER BY id', [req.params.id]);
  const open = rows.filter((row) => !row.paid).reduce((sum, row) => sum + row.amount, 0);
  res.json({ customer: customer.name, open, invoices: rows });
});

app.get('/invoices/:id', async (req, res) => {
  const invoice = await findInvoice(req.params.id);
  if (!invoice) return res.status(404).json({ error: 'invoice not found' });
  res.json({ ...invoice, due: dueLabel(invoice) });
});

app.post('/invoices/:id/pay', async (req, res) => {
  const invoice = await findInvoice(req.params.id);
  if (!invoice) return res.status(404).json({ error: 'invoice not found' });
  if (invoice.paid) return res.status(409).json({ error: 'invoice is paid' });
  await pool.query('UPDATE invoices SET paid = true WHERE id = $1', [invoice.id]);
  res.json({ id: invoice.id, paid: true });
});

app.use((error, req, res, next) => {
  console.error(`${req.method} ${req.url} failed:`, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT, () => console.log('billing is up'));
