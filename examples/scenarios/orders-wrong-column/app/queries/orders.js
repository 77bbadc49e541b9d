import { all } from './pool.js';

export const orders = (status) => all('SELECT id, customer_id, placed_on FROM orders WHERE status = $1 ORDER BY id', [status]);

export const order = async (id) => (await all('SELECT id, customer_id, status, placed_on FROM orders WHERE id = $1', [id]))[0];

/** The newest first. */
export const customerOrders = (customer) => all('SELECT id, placed_on FROM orders WHERE customer_id = $1 ORDER BY placed_on DESC, id', [customer]);
