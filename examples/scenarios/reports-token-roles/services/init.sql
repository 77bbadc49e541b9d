CREATE TABLE reports (id integer PRIMARY KEY, title text NOT NULL, body text NOT NULL);
INSERT INTO reports VALUES (1, 'January', 'cold'), (2, 'February', 'colder'), (3, 'March', 'mild');
