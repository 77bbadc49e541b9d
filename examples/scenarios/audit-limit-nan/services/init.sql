CREATE TABLE events (id integer PRIMARY KEY, actor text NOT NULL, action text NOT NULL);
INSERT INTO events SELECT n, (ARRAY['ada', 'grace', 'linus'])[1 + n % 3], (ARRAY['login', 'edit', 'export', 'logout'])[1 + n % 4] FROM generate_series(1, 24) AS n;
