CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL);
CREATE TABLE invoices (
  id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers,
  amount integer NOT NULL, paid boolean NOT NULL DEFAULT false, due_in_days integer NOT NULL
);
INSERT INTO customers VALUES (1, 'Ada', 'pro'), (2, 'Grace', 'free'), (3, 'Edsger', 'pro');
INSERT INTO invoices VALUES (10, 1, 4900, true, -20), (11, 1, 4900, false, 4), (12, 3, 9900, false, -1), (13, 2, 100, false, 0);
