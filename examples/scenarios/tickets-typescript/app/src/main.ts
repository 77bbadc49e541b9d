import { createServer, type IncomingMessage } from 'node:http';
import type { Agent, Ticket, TicketView } from './model.ts';
import * as store from './store.ts';

type Answer = [status: number, body: unknown];

function view(ticket: Ticket, agent: Agent | undefined): TicketView {
  return { id: ticket.id, title: ticket.title, status: ticket.status, agent: { id: agent.id, name: agent.name } };
}

async function list(): Promise<Answer> {
  const all = await store.tickets();
  return [200, { tickets: all.map(({ id, title, status, agentId }) => ({ id, title, status, taken: agentId !== null })) }];
}

async function show(id: number): Promise<Answer> {
  const ticket = await store.ticket(id);
  if (!ticket) return [404, { error: 'no such ticket' }];
  return [200, view(ticket, await store.agent(ticket.agentId))];
}

async function assign(id: number, body: { agent?: number }): Promise<Answer> {
  const ticket = await store.ticket(id);
  if (!ticket) return [404, { error: 'no such ticket' }];
  const agent = await store.agent(body.agent ?? null);
  if (!agent) return [404, { error: 'no such agent' }];
  await store.assign(ticket.id, agent.id);
  return [200, view({ ...ticket, status: 'waiting', agentId: agent.id }, agent)];
}

async function json(request: IncomingMessage): Promise<{ agent?: number }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString('utf8') || '{}');
}

async function route(request: IncomingMessage): Promise<Answer> {
  const [, id, action] = /^\/tickets(?:\/(\d+)(?:\/(\w+))?)?$/.exec(request.url ?? '') ?? [undefined, '', 'none'];
  if (request.method === 'GET' && id === undefined) return list();
  if (request.method === 'GET' && action === undefined) return show(Number(id));
  if (request.method === 'POST' && action === 'assign') return assign(Number(id), await json(request));
  return [404, { error: 'no such route' }];
}

createServer(async (request, response) => {
  const [status, body] = await route(request).catch((error: unknown): Answer => {
    console.error(error);
    return [500, { error: 'internal error' }];
  });
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}).listen(Number(process.env.PORT));
