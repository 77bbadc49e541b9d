CREATE TABLE items (sku text PRIMARY KEY, name text NOT NULL, shelf text NOT NULL, count integer NOT NULL);
INSERT INTO items VALUES ('cup', 'Cup', 'a', 12), ('pot', 'Pot', 'a', 2), ('tea', 'Tea', 'b', 40), ('lid', 'Lid', 'b', 1), ('tray', 'Tray', 'c', 0);
