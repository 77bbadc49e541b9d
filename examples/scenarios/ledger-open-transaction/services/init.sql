CREATE TABLE accounts (name text PRIMARY KEY, balance integer NOT NULL CHECK (balance >= 0));
INSERT INTO accounts VALUES ('till', 500), ('bank', 10000), ('petty', 0), ('old', 0);
