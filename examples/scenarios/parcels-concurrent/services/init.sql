CREATE TABLE depots (id integer PRIMARY KEY, city text NOT NULL);
CREATE TABLE parcels (code text PRIMARY KEY, depot_id integer NOT NULL REFERENCES depots, weight integer NOT NULL);
CREATE TABLE scans (parcel text NOT NULL REFERENCES parcels, place text NOT NULL, hour integer NOT NULL);
INSERT INTO depots VALUES (1, 'Kiel'), (2, 'Ulm'), (3, 'Jena');
INSERT INTO parcels SELECT 'P' || (100 + n), 1 + n % 3, 100 * n FROM generate_series(1, 12) AS n;
INSERT INTO scans SELECT 'P' || (100 + n), (ARRAY['Hof', 'Gera', 'Fulda'])[1 + n % 3], n FROM generate_series(1, 10) AS n;
