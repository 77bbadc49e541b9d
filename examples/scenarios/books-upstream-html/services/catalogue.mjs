// The catalogue of a library, behind a proxy that answers with a page of its own when it is overloaded.
import { createServer } from 'node:http';

const BOOKS = [
  { isbn: '111', title: 'Structured Programming', author: 'a1', pages: 220 },
  { isbn: '222', title: 'Programming Pearls', author: 'a2', pages: 256 },
];
const AUTHORS = { a1: { id: 'a1', name: 'O.-J. Dahl' }, a2: { id: 'a2', name: 'J. Bentley' } };

createServer((request, response) => {
  const url = new URL(request.url, 'http://catalogue');
  const json = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const [, kind, id] = url.pathname.split('/');
  if (id === 'slow' || url.searchParams.get('q')?.startsWith('slow')) {
    response.writeHead(503, { 'content-type': 'text/html' });
    return response.end('<html><body><h1>503 Service Unavailable</h1></body></html>\n');
  }
  if (kind === 'books') {
    const book = BOOKS.find(({ isbn }) => isbn === id);
    return book ? json(200, book) : json(404, { error: 'no such book' });
  }
  if (kind === 'authors') return AUTHORS[id] ? json(200, AUTHORS[id]) : json(404, { error: 'no such author' });
  const q = (url.searchParams.get('q') ?? '').toLowerCase();
  json(200, { results: BOOKS.filter(({ title }) => title.toLowerCase().includes(q)) });
}).listen(Number(process.env.PORT), '127.0.0.1');
