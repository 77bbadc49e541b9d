import express from 'express';
import mysql from 'mysql2/promise';
import { priceOf } from './price.js';

const pool = mysql.createPool({ uri: process.env.MYSQL_URL, dateStrings: true, connectionLimit: 4 });
const app = express();
app.use(express.json());

async function findGuest(id) {
  const [rows] = await pool.execute('SELECT id, name, tier FROM guests WHERE id = ?', [id]);
  return rows[0];
}

async function findRoom(number) {
  const [rows] = await pool.query('SELECT number, beds, rate, closed FROM rooms WHERE number = ?', [number]);
  return rows[0];
}

const isId = (text) => /^\d{1,9}$/.test(text);

app.param('id', (req, res, next, id) => {
  if (!isId(id)) return res.status(400).json({ error: 'id must be a number' });
  next();
});

app.get('/guests/:id', async (req, res) => {
  const guest = await findGuest(req.params.id);
  if (!guest) return res.status(404).json({ error: 'guest not found' });
  res.json(guest);
});

app.get('/guests/:id/stays', async (req, res) => {
  const guest = await findGuest(req.params.id);
  const [stays] = await pool.query('SELECT room, arrival, nights FROM stays WHERE guest_id = ? ORDER BY arrival', [req.params.id]);
  const nights = stays.reduce((sum, stay) => sum + stay.nights, 0);
  res.json({ guest: guest.name, nights, stays });
});

app.get('/rooms/:id', async (req, res) => {
  const room = await findRoom(req.params.id);
  if (!room) return res.status(404).json({ error: 'room not found' });
  res.json({ ...room, closed: room.closed === 1 });
});

app.post('/rooms/:id/stays', async (req, res) => {
  const { guest: guestId, arrival, nights } = req.body;
  const [room, guest] = await Promise.all([findRoom(req.params.id), findGuest(guestId)]);
  if (!room) return res.status(404).json({ error: 'room not found' });
  if (!guest) return res.status(404).json({ error: 'guest not found' });
  if (room.closed) return res.status(409).json({ error: 'room is closed' });
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.execute('INSERT INTO stays (guest_id, room, arrival, nights) VALUES (?, ?, ?, ?)', [guest.id, room.number, arrival, nights]);
    await connection.commit();
  } finally {
    connection.release();
  }
  res.status(201).json({ room: room.number, nights, price: priceOf(room.rate, nights, guest.tier) });
});

app.use((error, req, res, next) => {
  console.error(`${req.method} ${req.url} failed:`, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT, () => console.log('the hotel is open'));
