'use strict';

const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL });

exports.find = async (id) => {
  const result = await pool.query('SELECT id, owner, balance FROM accounts WHERE id = $1', [String(id)]);
  return result.rows[0];
};

exports.add = async (id, amount) => {
  const result = await pool.query('UPDATE accounts SET balance = balance + $2 WHERE id = $1 RETURNING id, balance', [id, amount]);
  return result.rows[0];
};
