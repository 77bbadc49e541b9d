import { createServer } from 'node:http';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();

// Prepared once on the connection, by name.
const bySku = (sku) => client.query({ name: 'find-item', text: 'SELECT sku, name, count FROM items WHERE sku = $1', values: [sku] });
const byShelf = (shelf) => client.query({ name: 'find-shelf', text: 'SELECT sku, count FROM items WHERE shelf = $1 ORDER BY sku', values: [shelf] });
const low = (limit) => client.query({ name: 'find-item', text: 'SELECT sku, count FROM items WHERE count < $1 ORDER BY sku', values: [limit] });
const take = (sku, n) =>
  client.query({ name: 'take', text: 'UPDATE items SET count = count - $2 WHERE sku = $1 AND count >= $2 RETURNING sku, count', values: [sku, n] });

async function answer(method, path) {
  const [, kind, id, action] = path.split('/');
  if (method === 'GET' && kind === 'items') {
    const { rows } = await bySku(id);
    return rows[0] ? [200, rows[0]] : [404, { error: 'no such item' }];
  }
  if (method === 'POST' && kind === 'items' && action === 'take') {
    const { rows } = await take(id, 1);
    return rows[0] ? [200, rows[0]] : [409, { error: 'none left' }];
  }
  if (method === 'GET' && kind === 'shelves') return [200, { shelf: id, items: (await byShelf(id)).rows }];
  if (method === 'GET' && kind === 'low') return [200, { items: (await low(Number(id))).rows }];
  return [404, { error: 'no such route' }];
}

createServer(async (request, response) => {
  let status, body;
  try {
    [status, body] = await answer(request.method, request.url);
  } catch (error) {
    console.error(JSON.stringify({ level: 'error', url: request.url, error: error.message, stack: error.stack }));
    [status, body] = [500, { error: 'internal error' }];
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}).listen(process.env.PORT);
