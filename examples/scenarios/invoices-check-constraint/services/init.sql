CREATE TABLE accounts (id integer PRIMARY KEY, name text NOT NULL, rate integer NOT NULL, partner boolean NOT NULL, rebate_cents integer NOT NULL, invoiced integer NOT NULL DEFAULT 0);
CREATE TABLE invoices (
  number serial PRIMARY KEY,
  memo text NOT NULL,
  account_id integer NOT NULL REFERENCES accounts (id),
  cents bigint NOT NULL CHECK (cents > 0),
  issued boolean NOT NULL DEFAULT false
);
INSERT INTO accounts (id, name, rate, partner, rebate_cents) VALUES (1, 'Abe', 900, false, 0), (2, 'Bea', 1000, false, 0), (3, 'Cyd', 1000, true, 250), (4, 'Deb', 800, true, 100);
