import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

export async function person(id) {
  const { rows } = await pool.query('SELECT id, name, room, boss_id FROM people WHERE id = $1', [id]);
  return rows[0];
}

export async function countIn(room) {
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM people WHERE room = $1', [room]);
  return rows[0].n;
}

export async function rename(id, name) {
  const { rowCount } = await pool.query('UPDATE people SET name = $2 WHERE id = $1', [id, name]);
  return rowCount === 1;
}
