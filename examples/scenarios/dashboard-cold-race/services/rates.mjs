import { createServer } from 'node:http';

createServer((_request, response) => {
  setTimeout(() => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ base: 'EUR', rates: { USD: 1.25, CHF: 0.8, GBP: 0.5 } }));
  }, 30);
}).listen(Number(process.env.PORT), '127.0.0.1');
