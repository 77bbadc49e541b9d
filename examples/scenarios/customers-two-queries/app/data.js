import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
const rowsOf = async (sql, ...values) => (await pool.query(sql, values)).rows;

export const customerOf = async (id) => (await rowsOf('SELECT id, name, company FROM customers WHERE id = $1', id))[0];

export const termsOf = async (id) => (await rowsOf('SELECT label, days FROM terms WHERE customer_id = $1', id))[0];

export const openOrders = (id) => rowsOf('SELECT id, total FROM orders WHERE customer_id = $1 ORDER BY id', id);

export const orderCount = async (id) => Number((await rowsOf('SELECT count(*) AS n FROM orders WHERE customer_id = $1', id))[0].n);

export const invoicesOf = (id) => rowsOf('SELECT id, amount, paid FROM invoices WHERE customer_id = $1 ORDER BY id', id);

export const unpaid = (id) => rowsOf('SELECT id, amount FROM invoices WHERE customer_id = $1 AND NOT paid ORDER BY amount DESC', id);
