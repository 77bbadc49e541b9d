CREATE TABLE sensors (id integer PRIMARY KEY, name text UNIQUE NOT NULL, unit text NOT NULL);
CREATE TABLE readings (sensor_id integer NOT NULL REFERENCES sensors, value integer NOT NULL, taken integer NOT NULL);
INSERT INTO sensors VALUES (1, 'roof', 'C'), (2, 'cellar', 'C'), (3, 'attic', 'C'), (4, 'garage', 'C');
INSERT INTO readings VALUES (1, 12, 100), (1, 19, 200), (1, 15, 300), (2, 8, 100), (2, 9, 200);
