CREATE TABLE notes (id serial PRIMARY KEY, title text NOT NULL);
INSERT INTO notes (title) VALUES ('buy tea'), ('mend kettle'), ('call Grace');
