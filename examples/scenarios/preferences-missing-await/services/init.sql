CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE NOT NULL, email text NOT NULL);
CREATE TABLE preferences (user_id integer PRIMARY KEY REFERENCES users, language text NOT NULL, channels text[] NOT NULL);
INSERT INTO users (name, email) VALUES ('ada', 'ada@example.org'), ('grace', 'grace@example.org'), ('linus', 'linus@example.org');
INSERT INTO preferences VALUES (1, 'en', '{email,push}'), (2, 'de', '{sms}');
