import Fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = Fastify({ logger: { level: 'warn' } });

app.get('/users/:id/notes', async (request) => {
  const { rows } = await pool.query('SELECT id, title, pinned, written_at FROM notes WHERE user_id = $1 ORDER BY id', [request.params.id]);
  const [pinned] = rows.filter((note) => note.pinned);
  return {
    titles: rows.map((note) => note.title),
    pinned: pinned ? { title: pinned.title, since: pinned.writtenAt.toISOString() } : null,
  };
});

app.put('/notes/:id/title', async (request, reply) => {
  const { rowCount } = await pool.query('UPDATE notes SET title = $2 WHERE id = $1', [request.params.id, request.body.title]);
  return rowCount === 1 ? { ok: true } : reply.code(404).send({ error: 'no such note' });
});

app.listen({ port: Number(process.env.PORT) });
