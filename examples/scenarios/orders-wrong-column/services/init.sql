CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL, status text NOT NULL, placed_on timestamptz NOT NULL);
INSERT INTO orders VALUES (1, 7, 'open', '2026-01-05T10:00:00Z'), (2, 8, 'open', '2026-01-09T10:00:00Z'), (3, 7, 'shipped', '2026-02-01T10:00:00Z'), (4, 9, 'shipped', '2026-02-03T10:00:00Z');
