import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
const one = async (sql, ...values) => (await pool.query(sql, values)).rows[0];
const app = express();
app.use(express.json());

/** In cents; what was agreed on is taken off. */
const priceOf = (account, hours) => hours * account.rate - (account.partner ? account.rebateCents : 0);

app.get('/accounts/:id', async (req, res) => {
  const account = await one('SELECT id, name, rate, partner, rebate_cents, invoiced FROM accounts WHERE id = $1', req.params.id);
  if (!account) return res.status(404).json({ error: 'no such account' });
  res.json(account);
});

app.post('/accounts/:id/invoices', async (req, res) => {
  const account = await one('SELECT id, name, rate, partner, rebate_cents, invoiced FROM accounts WHERE id = $1', req.params.id);
  if (!account) return res.status(404).json({ error: 'no such account' });
  const cents = priceOf(account, req.body.hours);
  const total = BigInt(cents);
  const invoice = await one(
    'INSERT INTO invoices (account_id, memo, cents) VALUES ($1, $2, $3) RETURNING number, memo, cents, issued',
    account.id, req.body.memo, total.toString(),
  );
  await pool.query('UPDATE accounts SET invoiced = invoiced + 1 WHERE id = $1', [account.id]);
  res.status(201).json({ number: invoice.number, memo: invoice.memo, cents: Number(invoice.cents), issued: invoice.issued });
});

app.use((error, req, res, next) => {
  console.error(req.method, req.path, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
