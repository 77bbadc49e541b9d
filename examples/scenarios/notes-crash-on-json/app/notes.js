import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function text(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}

const routes = {
  'GET /notes': async (_request, response) => {
    const { rows } = await pool.query('SELECT id, title FROM notes ORDER BY id');
    send(response, 200, rows);
  },

  'POST /notes': async (request, response) => {
    let note;
    try {
      note = JSON.parse(await text(request));
    } catch {
      return send(response, 400, { error: 'body must be JSON' });
    }
    if (typeof note?.title !== 'string') return send(response, 400, { error: 'title is missing' });
    const { rows } = await pool.query('INSERT INTO notes (title) VALUES ($1) RETURNING id, title', [note.title]);
    send(response, 201, rows[0]);
  },

  'POST /notes/rename': async (request, response) => {
    const { id, title } = JSON.parse(await text(request));
    if (typeof title !== 'string') return send(response, 400, { error: 'title is missing' });
    const { rows } = await pool.query('UPDATE notes SET title = $2 WHERE id = $1 RETURNING id, title', [id, title]);
    if (rows.length === 0) return send(response, 404, { error: 'no such note' });
    send(response, 200, rows[0]);
  },
};

createServer((request, response) => {
  const route = routes[`${request.method} ${request.url}`];
  if (!route) return send(response, 404, { error: 'no such route' });
  route(request, response);
}).listen(process.env.PORT);
