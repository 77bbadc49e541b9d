CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL, nick text NOT NULL);
CREATE TABLE products (id serial PRIMARY KEY, sku text NOT NULL UNIQUE, stock integer NOT NULL CHECK (stock >= 0));
CREATE TABLE orders (
  id serial PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers (id),
  product_id integer NOT NULL REFERENCES products (id),
  quantity integer NOT NULL CHECK (quantity > 0),
  label text NOT NULL
);
CREATE TABLE events (id bigserial PRIMARY KEY, order_id integer NOT NULL REFERENCES orders (id), kind text NOT NULL);
INSERT INTO customers (name, nick) VALUES ('Ann Byron ', 'annie'), ('Bo Diaz', ' bodo'), ('Cleo Finn', 'cle');
INSERT INTO products (sku, stock) VALUES ('lamp', 20), ('desk', 3), ('sofa', 5);
