CREATE TABLE authors (id integer PRIMARY KEY, name text NOT NULL, nick text);
CREATE TABLE posts (id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE comments (
  id serial PRIMARY KEY,
  post_id integer NOT NULL REFERENCES posts (id),
  author_id integer NOT NULL REFERENCES authors (id),
  signature text NOT NULL CHECK (signature <> ''),
  text text NOT NULL
);
INSERT INTO authors VALUES (1, 'Ada Byron', 'ada'), (2, 'Bo Diaz', 'bo '), (3, 'Cleo Finn', NULL), (4, 'Dan Ito', NULL);
INSERT INTO posts VALUES (10, 'On looms'), (11, 'On tides'), (12, 'On bees');
