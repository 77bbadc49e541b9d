CREATE TABLE articles (position integer PRIMARY KEY, slug text UNIQUE NOT NULL, title text NOT NULL, body text NOT NULL);
INSERT INTO articles VALUES (1, 'hello', 'Hello', '…'), (2, 'tea', 'On tea', '…'), (3, 'kettles', 'On kettles', '…'), (4, 'mugs', 'On mugs', '…'), (5, 'goodbye', 'Goodbye', '…');
