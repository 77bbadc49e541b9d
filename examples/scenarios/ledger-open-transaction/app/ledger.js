import express from 'express';
import pg from 'pg';

// One connection: the ledger is written by one process, in order.
const db = new pg.Client({ connectionString: process.env.DATABASE_URL });
await db.connect();

const app = express();
app.use(express.json());

const balanceOf = async (account) => (await db.query('SELECT name, balance FROM accounts WHERE name = $1', [account])).rows[0];

app.get('/accounts/:name', async (req, res) => {
  const account = await balanceOf(req.params.name);
  if (!account) return res.status(404).json({ error: 'no such account' });
  res.json(account);
});

app.post('/accounts/:name/close', async (req, res) => {
  await db.query('BEGIN');
  const account = await balanceOf(req.params.name);
  if (!account) {
    await db.query('ROLLBACK');
    return res.status(404).json({ error: 'no such account' });
  }
  if (account.balance !== 0) {
    await db.query('ROLLBACK');
    return res.status(409).json({ error: 'account is not empty' });
  }
  await db.query('DELETE FROM accounts WHERE name = $1', [account.name]);
  await db.query('COMMIT');
  res.json({ closed: account.name });
});

app.post('/transfers', async (req, res) => {
  const { from, to, amount } = req.body;
  await db.query('BEGIN');
  try {
    await db.query('UPDATE accounts SET balance = balance + $2 WHERE name = $1', [to, amount]);
    await db.query('UPDATE accounts SET balance = balance - $2 WHERE name = $1', [from, amount]);
    await db.query('COMMIT');
  } catch (error) {
    // 23514: a balance would fall below zero
    if (error.code !== '23514') throw error;
    return res.status(409).json({ error: 'not enough money' });
  }
  res.status(201).json({ from, to, amount });
});

app.use((error, req, res, next) => {
  console.error(req.method, req.path, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
