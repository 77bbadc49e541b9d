CREATE TABLE members (id integer PRIMARY KEY, name text NOT NULL, blocked boolean NOT NULL DEFAULT false);
CREATE TABLE copies (
  id integer PRIMARY KEY,
  title text NOT NULL,
  shelf_mark text NOT NULL,
  reading_room boolean NOT NULL,
  out boolean NOT NULL DEFAULT false
);
CREATE TABLE loans (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  member_id integer NOT NULL REFERENCES members (id),
  copy_id integer NOT NULL REFERENCES copies (id),
  slip text NOT NULL,
  since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE journal (id bigserial PRIMARY KEY, loan_id integer NOT NULL REFERENCES loans (id), what text NOT NULL);
INSERT INTO members VALUES (1, 'Ann', false), (2, 'Bo', false), (3, 'Cy', true), (4, 'Di', false);
INSERT INTO copies VALUES (10, 'On looms', 'K1.20', false), (11, 'On tides', 'K2.07', false),
  (12, 'Atlas', 'R4.01', true), (13, 'Charter', 'R9.33', true), (14, 'On bees', 'K3.11', false);
