CREATE TABLE members (id serial PRIMARY KEY, email text NOT NULL, name text NOT NULL);
INSERT INTO members (email, name) VALUES ('ada@example.org', 'Ada'), ('grace@example.org', 'Grace');
