import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
const one = async (sql, values) => (await pool.query(sql, values)).rows[0];

export const authorOf = (id) => one('SELECT id, name, nick FROM authors WHERE id = $1', [id]);

export const postOf = (id) => one('SELECT id, title FROM posts WHERE id = $1', [id]);

export const commentsOf = async (post) =>
  (await pool.query('SELECT id, signature, text FROM comments WHERE post_id = $1 ORDER BY id', [post])).rows;

export const saveComment = (post, author, signature, text) =>
  one(
    'INSERT INTO comments (post_id, author_id, signature, text) VALUES ($1, $2, $3, $4) RETURNING id, signature, text',
    [post, author, signature, text],
  );
