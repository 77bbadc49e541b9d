import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 3 });

/** Rows as the database names their columns. */
export async function all(text, values) {
  const { rows } = await pool.query(text, values);
  return rows;
}
