import Fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
const one = async (sql, ...values) => (await pool.query(sql, values)).rows[0];
const app = Fastify({ logger: { level: 'warn' } });

app.get('/items/:sku', async (request, reply) => {
  const item = await one('SELECT sku, title, depot_id FROM items WHERE sku = $1', request.params.sku);
  if (!item) return reply.code(404).send({ error: 'no such item' });
  // What lies in no depot is sent by the supplier.
  const depot = item.depot_id ? await one('SELECT id, city FROM depots WHERE id = $1', item.depot_id) : await supplierOf(item);
  return { sku: item.sku, title: item.title, from: depot.city };
});

async function supplierOf(item) {
  const { supplierId } = await one('SELECT supplier_id FROM supplies WHERE sku = $1', item.sku);
  return one('SELECT id, city FROM suppliers WHERE id = $1', supplierId);
}

app.put('/items/:sku/title', async (request, reply) => {
  const { rowCount } = await pool.query('UPDATE items SET title = $2 WHERE sku = $1', [request.params.sku, request.body.title]);
  return rowCount === 1 ? { ok: true } : reply.code(404).send({ error: 'no such item' });
});

app.listen({ port: Number(process.env.PORT) });
