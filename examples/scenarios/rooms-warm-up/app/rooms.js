import Koa from 'koa';

/** Rooms live in memory only: name → { name, topic, members }. */
const rooms = new Map();

async function announce(room, text) {
  const answer = await fetch(`${process.env.CHAT_URL}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room, text }),
  });
  if (!answer.ok) throw new Error(`chat service answered ${answer.status}`);
}

const problem = (status, message) => ({ status, body: { error: message } });

const actions = {
  'POST create': (name) => {
    if (rooms.has(name)) return problem(409, 'room exists');
    rooms.set(name, { name, topic: null, members: [] });
    return { status: 201, body: { name } };
  },

  'POST join': async (name, who) => {
    const room = rooms.get(name);
    if (!room) return problem(404, 'no such room');
    room.members.push({ who, since: room.members.length });
    await announce(name, `${who} joined`);
    return { status: 200, body: { members: room.members.length } };
  },

  'POST leave': async (name, who) => {
    const room = rooms.get(name);
    if (!room) return problem(404, 'no such room');
    room.members = room.members.filter((member) => member.who !== who);
    await announce(name, `${who} left`);
    return { status: 200, body: { members: room.members.length } };
  },

  'GET newest': (name) => {
    const room = rooms.get(name);
    if (!room) return problem(404, 'no such room');
    if (room.members.length === 0) return problem(409, 'room is empty');
    return { status: 200, body: { newest: room.members.at(-1).who } };
  },

  'GET host': (name) => {
    const room = rooms.get(name);
    if (!room) return problem(404, 'no such room');
    return { status: 200, body: { host: room.members[0].who } };
  },
};

const app = new Koa();
app.use(async (ctx) => {
  const [, name, action = '', who] = ctx.path.split('/');
  const run = actions[`${ctx.method} ${action}`];
  const { status, body } = run ? await run(name, who) : problem(404, 'no such route');
  ctx.status = status;
  ctx.body = body;
});
app.listen(process.env.PORT);
