import express from 'express';
import pg from 'pg';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const api = express.Router();

const badRequest = (res, field) => res.status(400).json({ error: `${field} must be a positive number` });

/** A positive whole number out of a query, the fallback if it was not given, NaN if it is anything else. */
function positive(text, fallback) {
  if (text === undefined) return fallback;
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : NaN;
}

api.get('/events', async (req, res) => {
  const limit = positive(req.query.limit, 5);
  const page = positive(req.query.page, 1);
  if (Number.isNaN(limit)) return badRequest(res, 'limit');
  if (Number.isNaN(page)) return badRequest(res, 'page');
  const { rows } = await db.query('SELECT id, actor, action FROM events ORDER BY id LIMIT $1 OFFSET $2', [limit, (page - 1) * limit]);
  res.json({ page, events: rows });
});

api.get('/events/:id', async (req, res) => {
  const id = positive(req.params.id);
  if (Number.isNaN(id)) return badRequest(res, 'id');
  const { rows } = await db.query('SELECT id, actor, action FROM events WHERE id = $1', [id]);
  if (!rows[0]) return res.status(404).json({ error: 'event not found' });
  res.json(rows[0]);
});

api.get('/actors/:actor/events', async (req, res) => {
  const limit = positive(req.query.limit, 5);
  const { rows } = await db.query('SELECT id, action FROM events WHERE actor = $1 ORDER BY id DESC LIMIT $2', [req.params.actor, limit]);
  res.json({ actor: req.params.actor, events: rows });
});

express()
  .use('/api', api)
  .use((err, req, res, _next) => {
    console.error(err.stack);
    res.status(500).json({ error: 'unexpected' });
  })
  .listen(process.env.PORT);
