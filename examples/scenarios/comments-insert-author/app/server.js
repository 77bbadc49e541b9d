import Fastify from 'fastify';
import { authorOf, commentsOf, postOf, saveComment } from './store.js';

const app = Fastify({ logger: { level: 'warn' } });

app.get('/posts/:id', async (request, reply) => {
  const post = await postOf(request.params.id);
  if (!post) return reply.code(404).send({ error: 'no such post' });
  return { ...post, comments: await commentsOf(post.id) };
});

app.get('/authors/:id', async (request, reply) => {
  const author = await authorOf(request.params.id);
  return author ?? reply.code(404).send({ error: 'no such author' });
});

app.post('/posts/:id/comments', async (request, reply) => {
  const author = await authorOf(request.body.author);
  if (!author) return reply.code(401).send({ error: 'who are you?' });
  const signature = author.nick.trim();
  const post = await postOf(request.params.id);
  if (!post) return reply.code(404).send({ error: 'no such post' });
  const saved = await saveComment(post.id, author.id, signature, request.body.text);
  return reply.code(201).send(saved);
});

app.listen({ port: Number(process.env.PORT) });
