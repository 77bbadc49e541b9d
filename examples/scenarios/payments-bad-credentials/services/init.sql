CREATE TABLE orders (id integer PRIMARY KEY, amount integer NOT NULL, method text NOT NULL, paid boolean NOT NULL DEFAULT false);
INSERT INTO orders VALUES (1, 4900, 'card', false), (2, 900, 'card', true), (3, 90000, 'card', false), (4, 1200, 'wallet', false), (5, 700, 'card', false);
