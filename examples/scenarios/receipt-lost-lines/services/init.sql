CREATE TABLE orders (id integer PRIMARY KEY, code text UNIQUE NOT NULL, customer text NOT NULL);
CREATE TABLE order_lines (order_id integer NOT NULL REFERENCES orders, sku text NOT NULL, quantity integer NOT NULL, price integer NOT NULL, PRIMARY KEY (order_id, sku));
INSERT INTO orders VALUES (1, 'TRK-A1', 'Ada'), (2, 'TRK-B2', 'Grace'), (3, 'TRK-C3', 'Linus');
INSERT INTO order_lines VALUES (1, 'cup', 2, 700), (1, 'pot', 1, 2500), (2, 'tea', 3, 650), (3, 'cup', 1, 700);
