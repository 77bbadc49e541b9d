CREATE TABLE agents (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE tickets (id integer PRIMARY KEY, title text NOT NULL, status text NOT NULL, agent_id integer REFERENCES agents);
INSERT INTO agents VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO tickets VALUES (10, 'No sound', 'waiting', 1), (11, 'No picture', 'open', NULL), (12, 'No smell', 'closed', 2), (13, 'Too loud', 'open', NULL);
