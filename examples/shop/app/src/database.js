import pg from 'pg';

/** Everything that the shop asks its database. Rows come back as they are; `null` is "there is none". */
export function createDatabase(url) {
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  pool.on('error', (error) => console.error('database:', error.message));

  const all = async (text, values = []) => (await pool.query(text, values)).rows;
  const one = async (text, values) => (await all(text, values))[0] ?? null;

  return {
    products: () => all('SELECT id, name, price, stock FROM products ORDER BY id'),
    product: (id) => one('SELECT id, name, price, stock FROM products WHERE id = $1', [id]),

    createCart: () => one('INSERT INTO carts DEFAULT VALUES RETURNING id', []),
    cart: (id) => one('SELECT id FROM carts WHERE id = $1', [id]),
    cartItems: (cart) =>
      all(
        `SELECT i.product_id, p.name, p.price, i.quantity
           FROM cart_items i JOIN products p ON p.id = i.product_id
          WHERE i.cart_id = $1 ORDER BY i.product_id`,
        [cart],
      ),
    addItem: (cart, product, quantity) =>
      all(
        `INSERT INTO cart_items (cart_id, product_id, quantity) VALUES ($1, $2, $3)
         ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = cart_items.quantity + excluded.quantity`,
        [cart, product, quantity],
      ),

    coupon: (code) =>
      one(
        'SELECT code, percent FROM coupons WHERE code = $1 AND (expires_on IS NULL OR expires_on > now())',
        [code],
      ),

    createOrder: ({ cart, coupon, currency, subtotal, discount, total }) =>
      one(
        `INSERT INTO orders (cart_id, coupon_code, currency, subtotal, discount, total)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
        [cart, coupon, currency, subtotal, discount, total],
      ),
    order: (id) =>
      one(
        `SELECT id, cart_id, coupon_code, currency, subtotal, discount, total
           FROM orders WHERE id = $1`,
        [id],
      ),
  };
}
