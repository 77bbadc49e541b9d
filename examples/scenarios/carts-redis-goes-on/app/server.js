import http from 'node:http';
import { createClient } from 'redis';

const redis = createClient({ url: process.env.REDIS_URL });
redis.on('error', (error) => console.error(error));
await redis.connect();

const HOUR = 3600;

async function bodyOf(req) {
  let text = '';
  for await (const part of req) text += part;
  return text === '' ? {} : JSON.parse(text);
}

async function addItem(cart, { sku, count }) {
  const owner = await redis.hGet(`cart:${cart}`, 'owner');
  if (owner === null) return [404, { error: 'no such cart' }];
  const user = await redis.hGetAll(`user:${owner}`);
  const limit = user.trusted === 'yes' ? limitOf(user.limits).items : 5;
  if (count > limit) return [409, { error: 'too many' }];
  const now = await redis.hIncrBy(`cart:${cart}:items`, sku, count);
  await redis.expire(`cart:${cart}:items`, HOUR);
  const sold = await redis.incrBy(`wanted:${sku}`, count);
  return [201, { sku, count: now, wanted: sold }];
}

/** `items=12;carts=3` */
function limitOf(text) {
  return Object.fromEntries(text.split(',').map((part) => part.split('=')).map(([name, value]) => [name, BigInt(value)]));
}

const routes = {
  'PUT /users': async ([id], body) => {
    await redis.hSet(`user:${id}`, body);
    return [201, { id }];
  },
  'PUT /carts': async ([id], body) => {
    await redis.hSet(`cart:${id}`, { owner: body.owner });
    return [201, { id }];
  },
  'POST /carts': ([id], body) => addItem(id, body),
  'GET /carts': async ([id]) => [200, await redis.hGetAll(`cart:${id}:items`)],
  'GET /wanted': async ([sku]) => [200, { wanted: Number((await redis.get(`wanted:${sku}`)) ?? 0) }],
};

http
  .createServer(async (req, res) => {
    const [, name, ...rest] = new URL(req.url, 'http://x').pathname.split('/');
    const route = routes[`${req.method} /${name}`];
    try {
      const [status, body] = route ? await route(rest, await bodyOf(req)) : [404, { error: 'no such route' }];
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      console.error(error);
      res.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"internal error"}');
    }
  })
  .listen(process.env.PORT);
