const express = require('express');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json());

const find = async (email) => (await pool.query('SELECT id, email, name FROM members WHERE email = $1', [email])).rows[0];
const insert = async (email, name) =>
  (await pool.query('INSERT INTO members (email, name) VALUES ($1, $2) RETURNING id, email, name', [email, name])).rows[0];

app.get('/members', async (req, res) => {
  const { rows } = await pool.query('SELECT id, email, name FROM members ORDER BY id');
  res.json({ count: rows.length, members: rows });
});

app.get('/members/:email', async (req, res) => {
  const member = await find(req.params.email);
  if (!member) {
    return res.status(404).json({ error: 'not a member' });
  }
  res.json(member);
});

app.post('/members', async (req, res) => {
  const { email, name } = req.body;
  if (!email || !name) {
    return res.status(400).json({ error: 'email and name are needed' });
  }
  const existing = await find(email);
  if (existing) {
    res.status(409).json({ error: 'already a member' });
  }
  const member = await insert(email, name);
  res.status(201).json(member);
});

app.delete('/members/:email', async (req, res) => {
  const member = await find(req.params.email);
  if (!member) {
    return res.status(404).json({ error: 'not a member' });
  }
  await pool.query('DELETE FROM members WHERE id = $1', [member.id]);
  res.json({ removed: member.email });
});

app.use((error, req, res, next) => {
  console.error('Error:', error);
  if (res.headersSent) return next(error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
