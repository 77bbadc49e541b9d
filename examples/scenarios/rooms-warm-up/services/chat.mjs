import { createServer } from 'node:http';

let count = 0;
createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: ++count }));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
