import pg from 'pg';
import type { Agent, Ticket } from './model.ts';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 3 });
const TICKET = 'id, title, status, agent_id AS "agentId"';

export async function tickets(): Promise<Ticket[]> {
  return (await pool.query<Ticket>(`SELECT ${TICKET} FROM tickets ORDER BY id`)).rows;
}

export async function ticket(id: number): Promise<Ticket | undefined> {
  return (await pool.query<Ticket>(`SELECT ${TICKET} FROM tickets WHERE id = $1`, [id])).rows[0];
}

export async function agent(id: number | null): Promise<Agent | undefined> {
  return (await pool.query<Agent>('SELECT id, name FROM agents WHERE id = $1', [id])).rows[0];
}

export async function assign(ticketId: number, agentId: number): Promise<void> {
  await pool.query(`UPDATE tickets SET agent_id = $2, status = 'waiting' WHERE id = $1`, [ticketId, agentId]);
}
