import { createServer } from 'node:http';
import { createClient } from 'redis';
import { fetchWeather } from './upstream.js';

const redis = createClient({ url: process.env.REDIS_URL });
redis.on('error', (error) => console.error('redis:', error.message));
await redis.connect();

const TTL = 300;
const keyOf = (city) => `weather:${city}`;

/** From the cache, else from the weather service, which is asked once in five minutes a city. */
async function weatherOf(city) {
  const cached = await redis.get(keyOf(city));
  if (cached !== null) return JSON.parse(cached);
  const fresh = await fetchWeather(city);
  if (fresh !== null) await redis.set(keyOf(city), JSON.stringify(fresh), { EX: TTL });
  return fresh;
}

const routes = [
  ['GET', /^\/weather\/(\w+)$/, async (city) => {
    const weather = await weatherOf(city);
    return weather === null ? [404, { error: 'unknown city' }] : [200, weather];
  }],
  ['GET', /^\/weather\/(\w+)\/live$/, async (city) => {
    const weather = await fetchWeather(city);
    return weather === null ? [404, { error: 'unknown city' }] : [200, weather];
  }],
  // Stations push what they measure; it is kept as it comes until the next reading.
  ['PUT', /^\/weather\/(\w+)$/, async (city, body) => {
    await redis.set(keyOf(city), body, { EX: TTL });
    return [202, { city, stored: body.length }];
  }],
  ['DELETE', /^\/weather\/(\w+)$/, async (city) => [200, { city, removed: await redis.del(keyOf(city)) }]],
];

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

createServer(async (request, response) => {
  let answer = [404, { error: 'no such route' }];
  try {
    for (const [method, pattern, handle] of routes) {
      const match = request.method === method && pattern.exec(request.url);
      if (match) answer = await handle(match[1], await bodyOf(request));
    }
  } catch (error) {
    console.error(error);
    answer = [500, { error: 'internal error' }];
  }
  response.writeHead(answer[0], { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer[1]));
}).listen(process.env.PORT);
