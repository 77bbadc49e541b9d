// Answers ten requests and then falls over, as the real one did that day.
import { createServer } from 'node:http';

const PRICES = { AAA: 10.5, BBB: 7.25, CCC: 99 };
let left = 10;

const server = createServer((request, response) => {
  // Whoever comes after the last one finds nobody at home.
  if (--left === 0) server.close(() => process.exit(0));
  const symbol = request.url.split('/').at(-1);
  const price = PRICES[symbol];
  response.writeHead(price === undefined ? 404 : 200, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(price === undefined ? {} : { symbol, price }));
}).listen(Number(process.env.PORT), '127.0.0.1');
