import express from 'express';
import { rateOf } from './rates.js';

const app = express();

const HOLDINGS = {
  ada: [{ currency: 'USD', amount: 100 }, { currency: 'CHF', amount: 50 }],
  grace: [{ currency: 'USD', amount: 10 }],
};

/** Like Promise.all, but leaves nothing running behind when one of them fails. */
async function all(promises) {
  const settled = await Promise.allSettled(promises);
  const failed = settled.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return settled.map(({ value }) => value);
}

app.get('/rates/:currency', async (req, res) => {
  const rate = await rateOf(req.params.currency);
  if (rate === undefined) return res.status(404).json({ error: 'unknown currency' });
  res.json({ currency: req.params.currency, rate });
});

app.get('/dashboard/:user', async (req, res) => {
  const holdings = HOLDINGS[req.params.user];
  if (!holdings) return res.status(404).json({ error: 'unknown user' });
  const values = await all(
    holdings.map(async ({ currency, amount }) => ({ currency, euro: Math.round((amount / (await rateOf(currency))) * 100) })),
  );
  res.json({ user: req.params.user, values, total: values.reduce((sum, { euro }) => sum + euro, 0) });
});

app.use((err, _req, res, _next) => {
  console.error(err);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
