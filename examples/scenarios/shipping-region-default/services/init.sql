CREATE TABLE parcels (id integer PRIMARY KEY, grams integer NOT NULL, region text NOT NULL);
INSERT INTO parcels VALUES (1, 800, 'de'), (2, 4000, 'de'), (3, 700, 'ch'), (4, 900, 'no'), (5, 5000, 'fr'), (6, 12000, 'ch');
