import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 3 });
const app = express();
app.use(express.json());

const labelOf = (seat) => (seat.balcony ? `B-${seat.rowName.toUpperCase()}${seat.number}` : `${seat.row_name}${seat.number}`);

app.get('/seats/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT id, row_name, number, balcony, guest FROM seats WHERE id = $1', [req.params.id]);
  if (rows.length === 0) return res.status(404).json({ error: 'no such seat' });
  res.json(rows[0]);
});

app.post('/seats/:id/hold', async (req, res) => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT id, row_name, number, balcony, guest FROM seats WHERE id = $1 FOR UPDATE', [req.params.id]);
    const seat = rows[0];
    if (!seat || seat.guest !== null) {
      await client.query('ROLLBACK');
      return res.status(seat ? 409 : 404).json({ error: seat ? 'taken' : 'no such seat' });
    }
    await client.query('UPDATE seats SET guest = $2 WHERE id = $1', [seat.id, req.body.guest]);
    const label = labelOf(seat);
    await client.query('INSERT INTO journal (seat_id, what) VALUES ($1, $2)', [seat.id, `${label} held by ${req.body.guest}`]);
    await client.query('COMMIT');
    res.status(201).json({ seat: label, guest: req.body.guest });
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
});

app.use((error, req, res, next) => {
  console.error(req.method, req.path, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
