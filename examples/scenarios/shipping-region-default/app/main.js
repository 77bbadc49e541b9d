const http = require('node:http');
const { Client } = require('pg');
const { priceOf, taxOf } = require('./shipping');

const client = new Client({ connectionString: process.env.DATABASE_URL });

async function parcel(id) {
  const { rows } = await client.query('SELECT id, grams, region FROM parcels WHERE id = $1', [id]);
  return rows[0];
}

async function answer(url) {
  const [, kind, id, view] = url.split('/');
  if (kind !== 'parcels' || !/^\d+$/.test(id ?? '')) return [404, { error: 'not found' }];
  const found = await parcel(id);
  if (!found) return [404, { error: 'not found' }];
  switch (view) {
    case undefined:
      return [200, found];
    case 'tax':
      return [200, { id: found.id, tax: taxOf(found) }];
    case 'price':
      return [200, { id: found.id, ...priceOf(found) }];
    default:
      return [404, { error: 'not found' }];
  }
}

const server = http.createServer((request, response) => {
  answer(request.url)
    .catch((error) => {
      console.error(`${new Date().toISOString()} ${request.method} ${request.url}`, error);
      return [500, { error: 'server error' }];
    })
    .then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
});

client.connect().then(() => server.listen(process.env.PORT));
