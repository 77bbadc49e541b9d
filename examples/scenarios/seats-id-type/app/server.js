const fastify = require('fastify');
const Redis = require('ioredis');

const redis = new Redis(process.env.REDIS_URL);
const app = fastify({ logger: { level: 'warn' } });

/** A show with its seats: `{ id, title, seats: [{ id, row, taken }] }`, or null. */
async function loadShow(id) {
  const text = await redis.get(`show:${id}`);
  return text === null ? null : JSON.parse(text);
}

const saveShow = (show) => redis.set(`show:${show.id}`, JSON.stringify(show));

app.put('/shows/:id', async (request, reply) => {
  const { title, rows } = request.body;
  const seats = rows.flatMap((row, r) => [1, 2, 3].map((n) => ({ id: r * 3 + n, row, taken: false })));
  await saveShow({ id: Number(request.params.id), title, seats });
  return reply.code(201).send({ id: Number(request.params.id), seats: seats.length });
});

app.get('/shows/:id', async (request, reply) => {
  const show = await loadShow(request.params.id);
  if (!show) return reply.code(404).send({ error: 'show not found' });
  return { title: show.title, free: show.seats.filter((seat) => !seat.taken).length };
});

app.post('/shows/:id/seats/:seat/take', async (request, reply) => {
  const show = await loadShow(request.params.id);
  if (!show) return reply.code(404).send({ error: 'show not found' });
  const seat = show.seats.find((one) => one.id === Number(request.params.seat));
  if (!seat) return reply.code(404).send({ error: 'seat not found' });
  if (seat.taken) return reply.code(409).send({ error: 'seat is taken' });
  seat.taken = true;
  await saveShow(show);
  return { seat: seat.id, row: seat.row, taken: true };
});

app.get('/shows/:id/seats/:seat', async (request, reply) => {
  const show = await loadShow(request.params.id);
  if (!show) return reply.code(404).send({ error: 'show not found' });
  const seat = show.seats.find((one) => one.id === request.params.seat);
  return { seat: seat.id, row: seat.row, taken: seat.taken };
});

app.listen({ port: Number(process.env.PORT) });
