CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, company boolean NOT NULL);
CREATE TABLE terms (customer_id integer PRIMARY KEY REFERENCES customers (id), label text NOT NULL, days integer NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id), total integer NOT NULL);
CREATE TABLE invoices (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id), amount integer NOT NULL, paid boolean NOT NULL);
INSERT INTO customers VALUES (1, 'Nia', false), (2, 'Oz Ltd', true), (3, 'Pax Inc', true), (4, 'Quin', false);
INSERT INTO terms VALUES (2, 'net 30', 30), (3, 'net 14', 14);
INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20), (3, 2, 30), (4, 3, 5);
INSERT INTO invoices VALUES (1, 1, 10, true), (2, 2, 20, false), (3, 2, 30, true), (4, 2, 45, false), (5, 3, 7, false);
