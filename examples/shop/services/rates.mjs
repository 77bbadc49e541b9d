// The rates service of somebody else: GET /rates/USD answers { "currency": "USD", "rate": 1.09 }.
import { createServer } from 'node:http';

const RATES = { USD: 1.09, GBP: 0.85, CHF: 0.94, SEK: 11.4 };

createServer((request, response) => {
  const currency = /^\/rates\/([A-Z]{3})$/.exec(request.url)?.[1];
  const rate = RATES[currency];
  response.writeHead(rate === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(rate === undefined ? { error: 'unknown currency' } : { currency, rate }));
}).listen(Number(process.env.PORT), '127.0.0.1');
