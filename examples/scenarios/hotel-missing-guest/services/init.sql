CREATE TABLE guests (id int unsigned PRIMARY KEY, name varchar(80) NOT NULL, tier enum('plain', 'gold') NOT NULL DEFAULT 'plain');
CREATE TABLE rooms (number int unsigned PRIMARY KEY, beds tinyint NOT NULL, rate decimal(8,2) NOT NULL, closed boolean NOT NULL DEFAULT false);
CREATE TABLE stays (
  id int unsigned AUTO_INCREMENT PRIMARY KEY, guest_id int unsigned NOT NULL, room int unsigned NOT NULL, arrival date NOT NULL, nights int NOT NULL,
  FOREIGN KEY (guest_id) REFERENCES guests (id), FOREIGN KEY (room) REFERENCES rooms (number)
);
INSERT INTO guests VALUES (1, 'Ada', 'gold'), (2, 'Grace', 'plain'), (3, 'Katherine', 'plain');
INSERT INTO rooms VALUES (101, 1, 80.00, false), (102, 2, 120.50, false), (103, 2, 120.50, true);
INSERT INTO stays (guest_id, room, arrival, nights) VALUES (1, 101, '2026-01-03', 2), (1, 102, '2026-02-10', 3), (2, 101, '2026-01-20', 1);
