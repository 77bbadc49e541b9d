CREATE TABLE depots (id integer PRIMARY KEY, city text NOT NULL);
CREATE TABLE suppliers (id integer PRIMARY KEY, city text NOT NULL);
CREATE TABLE items (sku text PRIMARY KEY, title text NOT NULL, depot_id integer REFERENCES depots (id));
CREATE TABLE supplies (sku text PRIMARY KEY REFERENCES items (sku), supplier_id integer NOT NULL REFERENCES suppliers (id));
INSERT INTO depots VALUES (1, 'Ghent'), (2, 'Lyon');
INSERT INTO suppliers VALUES (5, 'Turin'), (6, 'Oslo');
INSERT INTO items VALUES ('a-1', 'rope', 1), ('a-2', 'hook', 2), ('b-1', 'sail', NULL), ('b-2', 'mast', NULL);
INSERT INTO supplies VALUES ('b-1', 5), ('b-2', 6);
