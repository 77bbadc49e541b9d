import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });

export async function sensorOf(name) {
  const { rows } = await pool.query('SELECT id, name, unit FROM sensors WHERE name = $1', [name]);
  return rows[0];
}

export async function readingsOf(sensor) {
  const { rows } = await pool.query('SELECT value, taken FROM readings WHERE sensor_id = $1 ORDER BY taken', [sensor]);
  return rows;
}
