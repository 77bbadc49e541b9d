CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, room text, boss_id integer REFERENCES people (id));
INSERT INTO people VALUES (1, 'Ira', 'C1', NULL), (2, 'Jo', 'B2', 1), (3, 'Kai', NULL, 2), (4, 'Lu', NULL, 1), (5, 'Mo', 'B3', 2);
