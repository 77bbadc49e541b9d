function createOrders(pool) {
  const linesOf = async (id) => {
    const { rows } = await pool.query('SELECT sku, quantity, price FROM order_lines WHERE order_id = $1 ORDER BY sku', [id]);
    return rows;
  };

  return {
    async list() {
      const { rows } = await pool.query('SELECT id, code, customer FROM orders ORDER BY id');
      return rows;
    },

    async find(id) {
      const { rows } = await pool.query('SELECT id, code, customer FROM orders WHERE id = $1', [id]);
      if (rows.length === 0) return null;
      return { ...rows[0], lines: await linesOf(rows[0].id) };
    },

    async findByCode(code) {
      const { rows } = await pool.query('SELECT id, code, customer FROM orders WHERE code = $1', [code]);
      if (rows.length === 0) return null;
      return { ...rows[0], items: await linesOf(rows[0].id) };
    },
  };
}

module.exports = { createOrders };
