const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
const DEFAULTS = { language: 'en', channels: ['email'] };

async function user(name) {
  const { rows } = await pool.query('SELECT id, name, email FROM users WHERE name = $1', [name]);
  return rows[0];
}

/** What a user chose; the defaults for one who never did. */
async function preferences(userId) {
  const { rows } = await pool.query('SELECT language, channels FROM preferences WHERE user_id = $1', [userId]);
  return rows[0] ?? DEFAULTS;
}

async function savePreferences(userId, language, channels) {
  const { rows } = await pool.query(
    `INSERT INTO preferences (user_id, language, channels) VALUES ($1, $2, $3)
     ON CONFLICT (user_id) DO UPDATE SET language = excluded.language, channels = excluded.channels
     RETURNING language, channels`,
    [userId, language, channels],
  );
  return rows[0];
}

module.exports = { user, preferences, savePreferences };
