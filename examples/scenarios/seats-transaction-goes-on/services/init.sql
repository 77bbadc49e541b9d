CREATE TABLE seats (id integer PRIMARY KEY, row_name text NOT NULL, number integer NOT NULL, balcony boolean NOT NULL, guest text, UNIQUE (row_name, number));
CREATE TABLE journal (id bigserial PRIMARY KEY, seat_id integer NOT NULL REFERENCES seats (id), what text NOT NULL);
INSERT INTO seats VALUES (1, 'a', 1, false, NULL), (2, 'a', 2, false, NULL), (3, 'a', 3, false, 'Uma'), (7, 'k', 1, true, NULL), (8, 'k', 2, true, NULL);
