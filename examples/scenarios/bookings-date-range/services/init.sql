CREATE TABLE rooms (name text PRIMARY KEY, price integer NOT NULL);
CREATE TABLE bookings (id serial PRIMARY KEY, room text NOT NULL REFERENCES rooms, guest text NOT NULL, arrives text NOT NULL, leaves text NOT NULL);
INSERT INTO rooms VALUES ('blue', 9000), ('green', 7000);
INSERT INTO bookings (room, guest, arrives, leaves) VALUES ('blue', 'Ada', '2026-03-01', '2026-03-05'), ('green', 'Grace', '2026-03-03', '2026-03-04');
