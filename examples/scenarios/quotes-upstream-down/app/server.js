import express from 'express';

const app = express();
const base = process.env.QUOTES_URL;

/** The answer of the quotes service; null for a symbol that it does not know. Throws when it cannot be reached. */
async function ask(path) {
  const answer = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(2000) });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`quotes service answered ${answer.status}`);
  return answer.json();
}

app.get('/health', (req, res) => res.json({ ok: true }));

app.get('/quotes/:symbol', async (req, res) => {
  const quote = await ask(`/quotes/${req.params.symbol}`);
  if (!quote) return res.status(404).json({ error: 'unknown symbol' });
  res.json({ symbol: quote.symbol, price: quote.price });
});

app.get('/compare/:a/:b', async (req, res) => {
  const [a, b] = await Promise.all([ask(`/quotes/${req.params.a}`), ask(`/quotes/${req.params.b}`)]);
  if (!a || !b) return res.status(404).json({ error: 'unknown symbol' });
  res.json({ higher: a.price >= b.price ? a.symbol : b.symbol });
});

// What went wrong is somebody else's service: say so, and say when to come back.
app.use((error, req, res, next) => {
  console.error('quotes service failed:', error);
  res.set('retry-after', '30').status(503).json({ error: 'quotes are not available' });
});

app.listen(process.env.PORT);
