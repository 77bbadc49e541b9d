import Fastify from 'fastify';
import { countIn, person, rename } from './people.js';

const app = Fastify({ logger: { level: 'warn' } });

app.get('/people/:id', async (request, reply) => {
  const found = await person(request.params.id);
  return found ?? reply.code(404).send({ error: 'nobody' });
});

app.get('/people/:id/desk', async (request, reply) => {
  const found = await person(request.params.id);
  if (!found) return reply.code(404).send({ error: 'nobody' });
  if (found.room !== null) return { name: found.name, room: found.room, shared: false };
  // Who has no room of their own sits with the boss.
  const boss = await person(found.bossId);
  return { name: found.name, room: boss.room, shared: true };
});

app.get('/rooms/:room', async (request) => ({ room: request.params.room, people: await countIn(request.params.room) }));

app.put('/people/:id/name', async (request, reply) => {
  const done = await rename(request.params.id, request.body.name);
  return done ? { ok: true } : reply.code(404).send({ error: 'nobody' });
});

app.listen({ port: Number(process.env.PORT) });
