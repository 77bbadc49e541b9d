// The payment provider. The key for wallets was renewed last night, and nobody told the shop.
import { createServer } from 'node:http';

const KEYS = { card: 'ck-7731', wallet: 'wk-9002' };

createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const method = request.url.split('/')[1];
  const send = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (request.headers['x-api-key'] !== KEYS[method]) return send(401, { error: 'invalid api key' });
  const { amount } = JSON.parse(body);
  send(amount > 50_000 ? 402 : 201, { charged: amount <= 50_000 });
}).listen(Number(process.env.PORT), '127.0.0.1');
