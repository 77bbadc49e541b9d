export type Status = 'open' | 'waiting' | 'closed';

export interface Agent {
  id: number;
  name: string;
}

export interface Ticket {
  id: number;
  title: string;
  status: Status;
  /** Nobody yet while it waits in the queue. */
  agentId: number | null;
}

/** What the API shows of a ticket. `agent` is null while nobody has taken it. */
export interface TicketView {
  id: number;
  title: string;
  status: Status;
  agent: { id: number; name: string } | null;
}
