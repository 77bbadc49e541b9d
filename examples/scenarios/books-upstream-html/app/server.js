import Fastify from 'fastify';

const app = Fastify({ logger: true });
const base = process.env.CATALOGUE_URL;

const unavailable = (reply) => reply.code(502).send({ error: 'catalogue unavailable' });

app.get('/books/:isbn', async (request, reply) => {
  const answer = await fetch(`${base}/books/${request.params.isbn}`);
  if (answer.status === 404) return reply.code(404).send({ error: 'unknown book' });
  if (!answer.ok) return unavailable(reply);
  const book = await answer.json();
  return { isbn: book.isbn, title: book.title, author: book.author };
});

app.get('/authors/:id', async (request, reply) => {
  const answer = await fetch(`${base}/authors/${request.params.id}`);
  if (answer.status === 404) return reply.code(404).send({ error: 'unknown author' });
  if (!answer.ok) return unavailable(reply);
  return answer.json();
});

app.get('/search', async (request, reply) => {
  const { q = '' } = request.query;
  if (q.length < 3) return reply.code(400).send({ error: 'q must have three letters or more' });
  const answer = await fetch(`${base}/search?q=${encodeURIComponent(q)}`);
  const found = await answer.json();
  return { count: found.results.length, results: found.results.map(({ isbn, title }) => ({ isbn, title })) };
});

await app.listen({ port: Number(process.env.PORT) });
