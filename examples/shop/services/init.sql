CREATE TABLE products (
  id serial PRIMARY KEY,
  name text NOT NULL,
  price integer NOT NULL,
  stock integer NOT NULL DEFAULT 0
);
CREATE TABLE carts (
  id serial PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE cart_items (
  cart_id integer NOT NULL REFERENCES carts,
  product_id integer NOT NULL REFERENCES products,
  quantity integer NOT NULL,
  PRIMARY KEY (cart_id, product_id)
);
CREATE TABLE coupons (
  code text PRIMARY KEY,
  percent integer NOT NULL,
  expires_on timestamptz
);
CREATE TABLE orders (
  id serial PRIMARY KEY,
  cart_id integer NOT NULL REFERENCES carts,
  coupon_code text,
  currency text NOT NULL,
  subtotal integer NOT NULL,
  discount integer NOT NULL,
  total integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO products (name, price, stock) VALUES
  ('Teapot', 2500, 12),
  ('Kettle', 4900, 5),
  ('Mug', 900, 80),
  ('Tea, 100 g', 650, 200),
  ('Strainer', 450, 31);

INSERT INTO coupons (code, percent, expires_on) VALUES
  ('SPRING10', 10, NULL),
  ('HALF', 50, NULL),
  ('WINTER20', 20, '2020-03-01');

INSERT INTO carts DEFAULT VALUES;
INSERT INTO carts DEFAULT VALUES;
INSERT INTO carts DEFAULT VALUES;
INSERT INTO cart_items (cart_id, product_id, quantity) VALUES (1, 1, 1), (1, 3, 4), (2, 2, 1), (3, 4, 2), (3, 5, 1);
