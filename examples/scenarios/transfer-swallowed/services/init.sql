CREATE TABLE accounts (id text PRIMARY KEY, owner text NOT NULL, balance integer NOT NULL);
INSERT INTO accounts VALUES ('DE1', 'ada', 5000), ('DE2', 'grace', 300), ('DE3', 'ada', 0);
