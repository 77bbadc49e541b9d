import Fastify from 'fastify';
import postgres from 'postgres';

const sql = postgres(process.env.DATABASE_URL, { max: 3, onnotice: () => {} });
const app = Fastify({ logger: { level: 'error' } });

const memberOf = async (id) => (await sql`SELECT id, name, blocked FROM members WHERE id = ${id}`)[0];
const copyOf = async (id) =>
  (await sql`SELECT id, title, shelf_mark, reading_room, out FROM copies WHERE id = ${id}`)[0];

app.get('/copies/:id', async (request, reply) => {
  const copy = await copyOf(Number(request.params.id));
  if (!copy) return reply.code(404).send({ error: 'no such copy' });
  return { title: copy.title, mark: copy.shelf_mark, out: copy.out };
});

app.post('/loans', async (request, reply) => {
  const { member: who, copy: what } = request.body;
  const member = await memberOf(who);
  if (!member) return reply.code(404).send({ error: 'no such member' });
  if (member.blocked) return reply.code(403).send({ error: 'no loans for now' });
  const copy = await copyOf(what);
  if (!copy) return reply.code(404).send({ error: 'no such copy' });
  if (copy.out) return reply.code(409).send({ error: 'lent already' });
  const slip = copy.reading_room ? `room ${copy.shelfMark.slice(0, 2)}` : `shelf ${copy.shelf_mark}`;
  const loan = await sql.begin(async (tx) => {
    await tx`UPDATE copies SET out = true WHERE id = ${copy.id}`;
    const [made] = await tx`INSERT INTO loans ${tx({ member_id: member.id, copy_id: copy.id, slip })} RETURNING id`;
    await tx`INSERT INTO journal (loan_id, what) VALUES (${made.id}, 'lent')`;
    return made;
  });
  return reply.code(201).send({ loan: loan.id, slip });
});

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
