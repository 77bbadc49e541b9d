import { createServer } from 'node:http';

const CITIES = {
  oslo: { name: 'oslo', celsius: -3, sky: 'snow' },
  rome: { name: 'rome', celsius: 17, sky: 'clear' },
  bern: { name: 'bern', celsius: 9, sky: 'rain' },
};

createServer((request, response) => {
  const city = CITIES[request.url.split('/').at(-1)];
  response.writeHead(city ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(city ?? { error: 'unknown' }));
}).listen(Number(process.env.PORT), '127.0.0.1');
